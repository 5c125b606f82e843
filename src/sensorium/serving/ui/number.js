// A number as an answer: the value, the interval that holds it nine times in ten, what each input added, and feedback.

import * as api from "./api.js";
import { make, newId } from "./make.js";
import { percent, readable } from "./words.js";

const shown = (number) => Number(number.toPrecision(4)).toLocaleString("en");
const signed = (number) => `${number < 0 ? "−" : "+"}${shown(Math.abs(number))}`;

export const about = (known) => `a number, with an interval that holds ${percent(known.coverage)} of the true ones`;

export const fits = (target) => "value" in target;

export const spoken = (target) => `${shown(target.value)}, from ${shown(target.interval[0])} to ${shown(target.interval[1])}`;

export function view(name, target, content) {
  const title = newId("target");
  return make(
    "article",
    { class: "target", "aria-labelledby": title, "data-target": name },
    make("h2", { id: title }, readable(name)),
    make("p", { class: "label" }, make("strong", {}, shown(target.value)),
      make("span", { class: "sure" }, `${shown(target.interval[0])} to ${shown(target.interval[1])}`)),
    target.attribution && make("div", { class: "attribution" }, added(target)),
    feedback(name, content.request_id),
  );
}

/** The lines add up: what is said knowing nothing and what each input added give the value. */
function added(target) {
  const line = (key, name, words) =>
    make("li", { class: key === "sum" ? "sum" : "", "data-attribution": key }, make("span", { class: "name" }, name), make("span", { class: "value" }, words));
  return [
    make("h3", { "aria-live": "polite" }, `Why ${shown(target.value)}`),
    make("ul", {}, line("base", "knowing nothing", shown(target.base)),
      Object.entries(target.attribution).map(([name, part]) => line(name, readable(name), signed(part))),
      line("sum", "Together", shown(target.value))),
  ];
}

function feedback(name, requestId) {
  const id = newId("number");
  const box = make("input", { id, type: "text", inputmode: "decimal", maxlength: 40, autocomplete: "off" });
  const message = make("p", { class: "message", role: "alert" });
  const element = make("div", { class: "feedback" },
    make("form", { class: "choice", novalidate: true, submit: tell },
      make("div", { class: "row" }, make("label", { for: id }, `The true ${readable(name)}`), box,
        make("button", { type: "submit" }, "Tell"))),
    message);

  async function tell(event) {
    event.preventDefault();
    if (!box.value.trim() || element.getAttribute("aria-busy")) return box.focus();
    element.setAttribute("aria-busy", "true");
    message.textContent = "";
    try {
      const { content } = await api.feedback(requestId, { [name]: box.value.trim() });
      const words = make("p", { class: "thanks", tabindex: -1, role: "status" }, `Thank you. Noted as ${content.labels[name]}.`);
      element.replaceChildren(words);
      words.focus({ preventScroll: true });
    } catch (problem) {
      message.textContent = problem.message;
    }
    element.removeAttribute("aria-busy");
  }

  return element;
}
