// What each input did for the probability of one class. The rows add up: base and shares give the probability.

import { make, styled } from "./make.js";
import { percent, points, readable } from "./words.js";

const LEAST = 0.02; // of the whole width is a scale of: tiny shares must not look like large ones

export function sharesView(label, target, inputs) {
  const base = target.base[label];
  const rows = Object.keys(inputs).map((name, place) => ({ name, hue: place % 6, share: target.shares[name]?.[label] }));
  const given = rows.map((row) => row.share ?? 0);
  const low = Math.min(0, ...given);
  const high = Math.max(base, LEAST, ...given);
  const scale = { zero: -low / (high - low), size: 1 / (high - low) };
  const list = make(
    "ul",
    {},
    line("base", "knowing nothing", base, percent(base), scale),
    rows.map(({ name, hue, share }) =>
      share === undefined
        ? make("li", { class: "absent", "data-share": name }, make("span", { class: "name" }, readable(name)),
            make("span", { class: "value" }, "not given"))
        : line(name, readable(name), share, points(share), scale, hue),
    ),
    make("li", { class: "sum", "data-share": "sum" }, make("span", { class: "name" }, label),
      make("span", { class: "value" }, percent(target.probabilities[label]))),
  );
  return [make("h3", { "aria-live": "polite" }, `Why ${percent(target.probabilities[label])} for ${label}`), list];
}

function line(key, name, share, words, { zero, size }, hue) {
  const from = share < 0 ? zero + share * size : zero;
  const bar = styled(make("span", { class: "bar" }), {
    "--from": `${100 * from}%`,
    "--size": `${100 * Math.abs(share) * size}%`,
  });
  const axis = styled(make("span", { class: "axis", "aria-hidden": "true" }, bar), { "--zero": `${100 * zero}%` });
  const kind = [hue === undefined ? "base" : `hue-${hue}`, share < 0 ? "against" : "for"].join(" ");
  return make("li", { class: kind, "data-share": key }, make("span", { class: "name" }, name), axis,
    make("span", { class: "value" }, words));
}
