// The whole answer: every target, then how long it took.

import { latencyView } from "./latency.js";
import { make } from "./make.js";
import { KINDS } from "./targets.js";
import { readable, sentence } from "./words.js";

const kindOf = (target) => Object.values(KINDS).find((kind) => kind.fits(target));

export function answerView({ content, roundTrip, timing }, schema) {
  const isNewer = content.model_version !== schema.model_version;
  return make(
    "div",
    { class: "answered" },
    isNewer && make("p", { class: "hint" }, "A newer model answered. Load the page again to see what it reads."),
    Object.entries(content.unread ?? {}).map(([name, why]) =>
      make("p", { class: "hint", "data-unread": name }, sentence(`${readable(name)} was left out: ${why}`))),
    make("div", { class: "targets" },
      Object.entries(content.targets).map(([name, target]) => kindOf(target).view(name, target, content, schema))),
    latencyView(roundTrip, timing, content.model_version),
  );
}

/** The answer in words, for those who hear it. */
export function spoken(content) {
  return Object.entries(content.targets)
    .map(([name, target]) => `${readable(name)}: ${kindOf(target).spoken(target)}.`)
    .join(" ");
}
