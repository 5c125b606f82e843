// A class as an answer: its label, the likeliest classes as bars, what each input contributed to one of them, and feedback.

import { feedbackView } from "./feedback.js";
import { make, newId } from "./make.js";
import { attributionView } from "./attribution.js";
import { bar, bars } from "./bars.js";
import { percent, readable } from "./words.js";

export const about = (known) =>
  `${known.classes.length} classes` + (known.abstain ? `, a label from ${percent(known.abstain)}` : "");

export const fits = (target) => "label" in target;

export const spoken = (target) =>
  `${target.abstained ? "too unsure for a label" : target.label}, ${percent(target.confidence)}`;

export function view(name, target, content, schema) {
  const ranked = Object.entries(target.probabilities).sort(([, one], [, other]) => other - one);
  const attribution = make("div", { class: "attribution" });
  const rows = new Map(ranked.map(([label, probability]) => [label, bar(label, probability, choose)]));

  function choose(label) {
    for (const [one, { toggle }] of rows) toggle.setAttribute("aria-pressed", String(one === label));
    if (target.attribution) attribution.replaceChildren(...attributionView(label, target, schema.inputs));
  }

  const answer = ranked.find(([, probability]) => probability === target.confidence) ?? ranked[0];
  choose(answer[0]);
  const title = newId("target");
  return make(
    "article",
    { class: "target", "aria-labelledby": title, "data-target": name },
    make("h2", { id: title }, readable(name)),
    decision(target, answer, schema.targets[name]),
    bars([...rows.values()], target.top.length, "Classes, the likeliest first", "classes"),
    attribution,
    feedbackView(name, ranked.map(([label]) => label), content.request_id),
  );
}

function decision(target, [guess, probability], known) {
  if (!target.abstained) {
    return make(
      "p",
      { class: "label" },
      make("strong", {}, target.label),
      make("span", { class: "sure" }, percent(target.confidence)),
    );
  }
  const needed = known ? `, below the ${percent(known.abstain)} that a label needs` : "";
  return [
    make("p", { class: "label abstained" }, make("strong", {}, "Too unsure for a label")),
    make("p", { class: "why" }, `The best guess is ${guess} with ${percent(probability)}${needed}.`),
  ];
}
