// A card for every column that inputs read, and the button that asks.

import { controlFor } from "./controls/index.js";
import { receiveFiles } from "./files.js";
import { icon } from "./icons.js";
import { button, make, newId } from "./make.js";
import { listed, readable } from "./words.js";

/** `send(form)` is called with what is to be sent, `cleared()` when everything was taken back. */
export function buildForm(schema, send, cleared) {
  const names = Object.keys(schema.columns);
  const places = Object.keys(schema.inputs); // whose colours the answer has
  const cards = names.map((name) => card(name, schema.columns[name], places.indexOf(schema.columns[name].inputs[0])));
  const message = make("p", { class: "message", role: "alert" });
  const ask = make("button", { type: "submit", class: "primary" }, make("span", {}, "Ask the model"), shortcut());
  const clear = button("Clear", () => {
    for (const one of cards) one.clear();
    message.textContent = "";
    cards[0].focus();
    cleared();
  }, { class: "quiet" });

  const element = make(
    "form",
    { novalidate: true, "aria-label": "What the model is given", submit: (event) => {
      event.preventDefault();
      submit();
    } },
    make("div", { class: "inputs" }, cards.map((one) => one.element)),
    make("div", { class: "send" }, make("div", { class: "row" }, ask, clear), message),
  );

  function submit() {
    message.textContent = "";
    if (ask.getAttribute("aria-disabled")) return;
    if (cards.filter((one) => !one.isFine()).length) return;
    const given = cards.filter((one) => one.isGiven());
    if (!given.length) {
      message.textContent = `Give ${listed(names.map(readable))} first.`;
      cards[0].focus();
      return;
    }
    const form = new FormData();
    for (const one of given) form.append(one.name, one.value());
    send(form);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    submit();
  });
  receiveFiles(cards);

  return {
    element,
    again: submit,
    /** Gives these values, by column, and nothing else. */
    fill(values) {
      for (const one of cards) one.fill(values.get(one.name) ?? null);
      message.textContent = "";
    },
    busy(isBusy) {
      ask.firstChild.textContent = isBusy ? "Asking" : "Ask the model";
      ask.classList.toggle("busy", isBusy);
      if (isBusy) ask.setAttribute("aria-disabled", "true");
      else ask.removeAttribute("aria-disabled");
    },
  };
}

function card(name, input, place) {
  const message = make("p", { class: "message", role: "alert" });
  const title = newId("input");
  const say = (words) => {
    message.textContent = words;
    element.classList.toggle("wrong", Boolean(words));
  };
  const changed = () => {
    say("");
    element.classList.toggle("given", control.value() !== null);
  };
  const control = controlFor(input)({ name, input, changed, say });
  const element = make(
    "section",
    { class: `card hue-${place % 6}`, role: "group", "aria-labelledby": title, "data-input": name, "data-kind": input.kind },
    make("h2", { id: title }, icon(input.control), make("span", {}, readable(name))),
    control.element,
    message,
  );
  const focus = () => [...element.querySelectorAll("textarea, input, button")].find((one) => one.offsetParent)?.focus();
  return {
    name,
    input,
    element,
    focus,
    take: control.take,
    value: control.value,
    isGiven: () => control.value() !== null,
    isFine() {
      const words = control.problem?.() ?? "";
      if (words) {
        say(words);
        focus();
      }
      return !words;
    },
    clear() {
      control.clear();
      changed();
    },
    fill(value) {
      control.clear();
      if (value !== null) control.fill(value);
      changed();
    },
  };
}

function shortcut() {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  return make("kbd", { "aria-hidden": "true" }, isMac ? "⌘ ↵" : "Ctrl ↵");
}
