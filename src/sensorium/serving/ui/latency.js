// How long it took: the round trip as this page saw it, and the service's own steps.

import { make, styled } from "./make.js";
import { milliseconds } from "./words.js";

const STEPS = { read: "reading", decode: "decoding", wait: "waiting", encode: "encoding", fuse: "deciding" };

/** The steps of a Server-Timing header, in its order. */
export function steps(timing) {
  return timing
    .split(",")
    .map((part) => /^\s*([^;\s]+).*;\s*dur=([\d.]+)/.exec(part))
    .filter(Boolean)
    .map(([, name, ms]) => ({ name: STEPS[name] ?? name, ms: Number(ms) }));
}

export function latencyView(roundTrip, timing, version) {
  const taken = steps(timing);
  const inside = taken.reduce((sum, step) => sum + step.ms, 0);
  const way = { name: "on the way", ms: Math.max(0, roundTrip - inside) };
  const whole = Math.max(roundTrip, inside);
  return make(
    "section",
    { class: "latency", "aria-label": "Latency" },
    make(
      "p",
      {},
      make("strong", {}, milliseconds(roundTrip)),
      taken.length ? ` there and back, ${milliseconds(inside)} of it in the service. ` : " there and back. ",
      "Model ",
      make("code", {}, version),
    ),
    taken.length > 0 && [
      make("div", { class: "strip", "aria-hidden": "true" }, [...taken, way].map((step, place) =>
        styled(make("span", { class: `step-${place === taken.length ? "way" : place % 5}` }), {
          "--size": `${(100 * step.ms) / whole}%`,
        }))),
      make("ul", {}, [...taken, way].map((step, place) =>
        make("li", { class: `step-${place === taken.length ? "way" : place % 5}` }, `${step.name} `,
          make("span", { class: "value" }, milliseconds(step.ms))))),
    ],
  );
}
