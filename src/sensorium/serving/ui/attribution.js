// What each input contributed to the probability of one class. The rows add up: base and contributions give the probability.

import { make, styled } from "./make.js";
import { percent, points, readable } from "./words.js";

const LEAST = 0.02; // of the whole width is a scale of: tiny contributions must not look like large ones

export function attributionView(label, target, inputs) {
  const base = target.base[label];
  const rows = Object.keys(inputs).map((name, place) => ({ name, hue: place % 6, contribution: target.attribution[name]?.[label] }));
  const given = rows.map((row) => row.contribution ?? 0);
  const low = Math.min(0, ...given);
  const high = Math.max(base, LEAST, ...given);
  const scale = { zero: -low / (high - low), size: 1 / (high - low) };
  const list = make(
    "ul",
    {},
    line("base", "knowing nothing", base, percent(base), scale),
    rows.map(({ name, hue, contribution }) =>
      contribution === undefined
        ? make("li", { class: "absent", "data-attribution": name }, make("span", { class: "name" }, readable(name)),
            make("span", { class: "value" }, "not given"))
        : line(name, readable(name), contribution, points(contribution), scale, hue),
    ),
    make("li", { class: "sum", "data-attribution": "sum" }, make("span", { class: "name" }, label),
      make("span", { class: "value" }, percent(target.probabilities[label]))),
  );
  return [make("h3", { "aria-live": "polite" }, `Why ${percent(target.probabilities[label])} for ${label}`), list];
}

function line(key, name, contribution, words, { zero, size }, hue) {
  const from = contribution < 0 ? zero + contribution * size : zero;
  const bar = styled(make("span", { class: "bar" }), {
    "--from": `${100 * from}%`,
    "--size": `${100 * Math.abs(contribution) * size}%`,
  });
  const axis = styled(make("span", { class: "axis", "aria-hidden": "true" }, bar), { "--zero": `${100 * zero}%` });
  const kind = [hue === undefined ? "base" : `hue-${hue}`, contribution < 0 ? "against" : "for"].join(" ");
  return make("li", { class: kind, "data-attribution": key }, make("span", { class: "name" }, name), axis,
    make("span", { class: "value" }, words));
}
