// Tags as an answer: those that are said, all as bars, what each input contributed to one of them, and feedback.

import { attributionView } from "../attribution.js";
import { bar, bars } from "../bars.js";
import { rightOrWrong, teller } from "../feedback.js";
import { make, newId } from "../make.js";
import { percent, readable } from "../words.js";

const FEW = 12; // tags that are shown before one asks for all

export const fits = (answer) => "labels" in answer && "probabilities" in answer;

export const spoken = (answer) =>
  answer.labels.map((tag) => `${tag}, ${percent(answer.probabilities[tag])}`).join("; ") || "no tags";

export function view(name, answer, content, schema) {
  const said = new Set(answer.labels);
  const ranked = Object.entries(answer.probabilities).sort(
    ([tag, one], [rival, other]) => said.has(rival) - said.has(tag) || other - one);
  const attribution = make("div", { class: "attribution" });
  const thresholds = schema.targets[name]?.thresholds ?? {};
  const rows = new Map(ranked.map(([tag, probability]) => [tag, bar(tag, probability, choose, thresholds[tag])]));

  function choose(tag) {
    for (const [one, { toggle }] of rows) toggle.setAttribute("aria-pressed", String(one === tag));
    if (answer.attribution) attribution.replaceChildren(...attributionView(tag, answer, schema.inputs));
  }

  choose(ranked[0][0]);
  return [
    decision(answer),
    bars([...rows.values()], Math.max(said.size, Math.min(FEW, rows.size)), "Tags, the likely ones first", "tags"),
    make("p", { class: "hint" }, "A tag is said from the mark on its bar."),
    attribution,
    feedback(name, ranked.map(([tag]) => tag), said, content.request_id),
  ];
}

function decision(answer) {
  if (!answer.labels.length) return make("p", { class: "label abstained" }, make("strong", {}, "No tags"));
  return make("ul", { class: "tags", "aria-label": "Tags that are likely enough" },
    answer.labels.map((tag) => make("li", {}, make("strong", {}, tag),
      make("span", { class: "sure" }, percent(answer.probabilities[tag])))));
}

/** Right by one click; else the true tags are ticked, and others that nobody thought of are typed. */
function feedback(name, known, said, requestId) {
  const { element, tell } = teller(name, requestId, (_, noted) => {
    const news = noted.filter((tag) => !known.includes(tag));
    return news.length ? ` The model does not know ${news.join(", ")} yet.` : "";
  });
  element.prepend(...rightOrWrong("Are these the tags?", () => tell([...said]), ticks(name, known, said, tell)));
  return element;
}

function ticks(name, known, said, tell) {
  const ticked = new Set(said);
  const id = newId("tags");
  const box = make("input", { id, type: "text", maxlength: 200, autocomplete: "off" });
  const boxes = known.map((tag) => {
    const tick = newId("tag");
    const input = make("input", { id: tick, type: "checkbox", change: () => (input.checked ? ticked.add(tag) : ticked.delete(tag)) });
    input.checked = said.has(tag);
    return make("span", { class: "tick" }, input, make("label", { for: tick }, tag));
  });
  const submit = (event) => {
    event.preventDefault();
    tell([...ticked, ...box.value.split(/[;,]/).map((tag) => tag.trim()).filter(Boolean)]);
  };
  return make("form", { novalidate: true, submit },
    make("div", { class: "ticks", role: "group", "aria-label": `The true ${readable(name)}` }, boxes),
    make("div", { class: "row" }, make("label", { for: id }, "Others, with a comma between them"), box,
      make("button", { type: "submit" }, "Tell")));
}
