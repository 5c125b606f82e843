// A label as an answer: the likeliest ones as bars, what each input contributed to one of them, and feedback.

import { attributionView } from "../attribution.js";
import { bar, bars } from "../bars.js";
import { rightOrWrong, teller } from "../feedback.js";
import { button, make, newId } from "../make.js";
import { percent, readable } from "../words.js";

const FEW = 12; // classes that fit beside each other as feedback; more are found by typing

export const fits = (answer) => ["label", "confidence", "top", "probabilities"].every((key) => key in answer);

export const spoken = (answer) =>
  `${answer.abstained ? "too unsure for a label" : answer.label}, ${percent(answer.confidence)}`;

export function view(name, answer, content, schema) {
  const ranked = Object.entries(answer.probabilities).sort(([, one], [, other]) => other - one);
  const attribution = make("div", { class: "attribution" });
  const rows = new Map(ranked.map(([label, probability]) => [label, bar(label, probability, choose)]));

  function choose(label) {
    for (const [one, { toggle }] of rows) toggle.setAttribute("aria-pressed", String(one === label));
    if (answer.attribution) attribution.replaceChildren(...attributionView(label, answer, schema.inputs));
  }

  const decided = ranked.find(([, probability]) => probability === answer.confidence) ?? ranked[0];
  choose(decided[0]);
  return [
    decision(answer, decided, schema.targets[name]),
    bars([...rows.values()], answer.top.length, "Classes, the likeliest first", "classes"),
    attribution,
    feedback(name, ranked.map(([label]) => label), content.request_id),
  ];
}

function decision(answer, [guess, probability], known) {
  if (!answer.abstained) {
    return make(
      "p",
      { class: "label" },
      make("strong", {}, answer.label),
      make("span", { class: "sure" }, percent(answer.confidence)),
    );
  }
  const needed = known ? `, below the ${percent(known.abstain)} that a label needs` : "";
  return [
    make("p", { class: "label abstained" }, make("strong", {}, "Too unsure for a label")),
    make("p", { class: "why" }, `The best guess is ${guess} with ${percent(probability)}${needed}.`),
  ];
}

/** Right by one click, another class by two, a class that nobody thought of by its name. */
function feedback(name, ranked, requestId) {
  const [likeliest, ...others] = ranked;
  const { element, tell } = teller(name, requestId, (label, noted) => {
    const isKnown = ranked.includes(label) || ranked.includes(noted); // an earlier version spells some otherwise
    return isKnown ? "" : " The model does not know this one yet.";
  });
  element.prepend(...rightOrWrong(`Is it ${likeliest}?`, () => tell(likeliest), otherwise(name, others, tell)));
  return element;
}

function otherwise(name, others, tell) {
  const id = newId("class");
  const isFew = others.length <= FEW;
  const box = make("input", { id, type: "text", maxlength: 200, autocomplete: "off", list: isFew ? null : `${id}-known` });
  return [
    isFew && make("div", { class: "chips", role: "group", "aria-label": `The true ${readable(name)}` },
      others.map((label) => button(label, () => tell(label)))),
    !isFew && make("datalist", { id: `${id}-known` }, others.map((label) => make("option", { value: label }))),
    make("form", { class: "row", novalidate: true, submit: (event) => {
      event.preventDefault();
      if (box.value.trim()) tell(box.value.trim());
      else box.focus();
    } },
      make("label", { for: id }, isFew && others.length ? "Something else" : `The true ${readable(name)}`), box,
      make("button", { type: "submit" }, "Tell")),
  ];
}
