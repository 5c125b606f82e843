// The whole answer: every target, what mattered within inputs if one asks, and how long it took.

import { viewOf } from "./answers/index.js";
import { latencyView } from "./latency.js";
import { make, newId } from "./make.js";
import { withinView } from "./within.js";
import { readable, sentence } from "./words.js";

export function answerView({ content, roundTrip, timing }, schema, body) {
  const isNewer = content.model_version !== schema.model_version;
  return make(
    "div",
    { class: "answered" },
    isNewer && make("p", { class: "hint" }, "A newer model answered. Load the page again to see what it reads."),
    Object.entries(content.unread ?? {}).map(([name, why]) =>
      make("p", { class: "hint", "data-unread": name }, sentence(`${readable(name)} was left out: ${why}`))),
    make("div", { class: "targets" },
      Object.entries(content.targets).map(([name, answer]) => targetView(name, answer, content, schema))),
    withinView(content, schema, body),
    latencyView(roundTrip, timing, content.model_version),
  );
}

function targetView(name, answer, content, schema) {
  const title = newId("target");
  return make("article", { class: "target", "aria-labelledby": title, "data-target": name },
    make("h2", { id: title }, readable(name)), viewOf(answer).view(name, answer, content, schema));
}

/** The answer in words, for those who hear it. */
export function spoken(content) {
  return Object.entries(content.targets)
    .map(([name, answer]) => `${readable(name)}: ${viewOf(answer).spoken(answer)}.`)
    .join(" ");
}
