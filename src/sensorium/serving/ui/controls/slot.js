// A place for one file, shared by all controls that take one: empty with ways to fill it, or full with a look at it.

import { button, make } from "../make.js";
import { objection } from "../files.js";
import { readable } from "../words.js";

/** `ways` stand in the empty place; `look(file)` gives what stands in the full one, as {element, close}. */
export function slot({ name, input, changed, say }, ways, look) {
  let given = null;
  let seen = null;
  const empty = make("div", { class: "empty" }, ways);
  const full = make("div", { class: "full", hidden: true });
  const element = make("div", { class: "slot" }, empty, full);

  function hold(file) {
    seen?.close();
    given = file;
    seen = file ? look(file) : null;
    full.replaceChildren(...(file ? [seen.element, line(file)] : []));
    empty.hidden = Boolean(file);
    full.hidden = !file;
    changed();
  }

  function line(file) {
    const remove = button("Remove", () => {
      clear();
      say("");
      empty.querySelector("button")?.focus();
    }, { class: "quiet", "aria-label": `Remove ${readable(name)}` });
    return make("div", { class: "line" }, make("span", { class: "name" }, file.name), remove);
  }

  function clear() {
    hold(null);
  }

  return {
    element,
    value: () => given,
    clear,
    fill: hold,
    /** What people choose or drop is looked at first, so that they need not wait for a refusal. */
    take(file) {
      const words = objection(file, input);
      say(words);
      if (words) return;
      const hadFocus = element.contains(document.activeElement);
      hold(file);
      if (hadFocus) full.querySelector("button")?.focus();
    },
  };
}
