// The whole answer: every target, then how long it took.

import { latencyView } from "./latency.js";
import { make } from "./make.js";
import { targetView } from "./target.js";
import { percent, readable } from "./words.js";

export function answerView({ content, roundTrip, timing }, schema) {
  const isNewer = content.model_version !== schema.model_version;
  return make(
    "div",
    { class: "answered" },
    isNewer && make("p", { class: "hint" }, "A newer model answered. Load the page again to see what it reads."),
    make("div", { class: "targets" },
      Object.entries(content.targets).map(([name, target]) => targetView(name, target, content, schema))),
    latencyView(roundTrip, timing, content.model_version),
  );
}

/** The answer in words, for those who hear it. */
export function spoken(content) {
  return Object.entries(content.targets)
    .map(([name, target]) => `${readable(name)}: ${target.abstained ? "too unsure for a label" : target.label}, ` +
      `${percent(target.confidence)}.`)
    .join(" ");
}
