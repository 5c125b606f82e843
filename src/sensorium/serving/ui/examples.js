// Requests that the model's owner offers to try: one click gives all of one, and asks.

import * as api from "./api.js";
import { glimpseOf } from "./controls/index.js";
import { button, make } from "./make.js";

export async function showExamples(place, schema, form) {
  let examples = [];
  try {
    examples = (await api.examples()).content.examples;
  } catch {
    // Nothing is lost without them.
  }
  const cards = examples.map((example, place) => card(`Example ${place + 1}`, given(example, schema.columns), schema, form));
  place.replaceChildren(make("h2", {}, "Try one"), make("div", { class: "examples" }, cards));
  place.hidden = !cards.length;
}

function card(title, values, schema, form) {
  const looks = [...values].map(([name, value]) => [" ", glimpseOf(schema.columns[name])(value, name)]);
  const ask = () => {
    form.fill(values);
    form.again();
  };
  return button([make("span", { class: "unseen" }, `${title}:`), looks.flat()], ask, { class: "example" });
}

/** Files come in base64, as in any request in JSON; a browser finds their type in them. */
function given(example, columns) {
  const value = (name, raw) =>
    columns[name].is_file ? new File([Uint8Array.from(atob(raw), (one) => one.charCodeAt(0))], "example") : raw;
  return new Map(Object.entries(example).filter(([name]) => name in columns).map(([name, raw]) => [name, value(name, raw)]));
}
