// A number as an answer: the value, the interval that holds it nine times in ten, what each input added, and feedback.

import { textFeedback } from "../feedback.js";
import { make } from "../make.js";
import { readable, rounded } from "../words.js";

const signed = (number) => `${number < 0 ? "−" : "+"}${rounded(Math.abs(number))}`;

export const fits = (answer) => Number.isFinite(answer.value) && Array.isArray(answer.interval);

export const spoken = (answer) => `${rounded(answer.value)}, from ${ends(answer)}`;

const ends = ({ interval: [low, high] }) => `${rounded(low)} to ${rounded(high)}`;

export const view = (name, answer, content) => [
  make("p", { class: "label" }, make("strong", {}, rounded(answer.value)), make("span", { class: "sure" }, ends(answer))),
  answer.attribution && make("div", { class: "attribution" }, added(answer)),
  textFeedback(name, content.request_id, { inputmode: "decimal", maxlength: 40 }),
];

/** The lines add up: what is said knowing nothing and what each input added give the value. */
function added(answer) {
  const line = (key, name, words) =>
    make("li", { class: key === "sum" ? "sum" : "", "data-attribution": key }, make("span", { class: "name" }, name), make("span", { class: "value" }, words));
  return [
    make("h3", { "aria-live": "polite" }, `Why ${rounded(answer.value)}`),
    make("ul", {}, line("base", "knowing nothing", rounded(answer.base)),
      Object.entries(answer.attribution).map(([name, part]) => line(name, readable(name), signed(part))),
      line("sum", "Together", rounded(answer.value))),
  ];
}
