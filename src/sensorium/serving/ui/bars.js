// Names with their probabilities as bars that can be pressed: the classes or tags of an answer.

import { button, make, styled } from "./make.js";
import { percent } from "./words.js";

/** A name's bar; `choose` is called with the name when it is pressed. A mark stands where it begins to be said, if anywhere. */
export function bar(name, probability, choose, threshold) {
  const isMarked = threshold !== undefined;
  const size = styled(make("span", { class: isMarked ? "bar marked" : "bar", "aria-hidden": "true" }), {
    "--size": `${100 * probability}%`, "--mark": `${100 * (threshold ?? 0)}%` });
  const toggle = button(
    [make("span", { class: "name" }, name), make("span", { class: "value" }, percent(probability)), size],
    () => choose(name),
    { "aria-pressed": "false", title: `What decided for or against ${name}${isMarked ? `, which is said from ${percent(threshold)}` : ""}` },
  );
  return { toggle, element: make("li", { "data-name": name }, toggle) };
}

/** The first few bars, and the others on demand; `many` is what all of them are, such as classes. */
export function bars(rows, few, label, many) {
  const list = make("ol", { class: "classes", "aria-label": label }, rows.map((one) => one.element));
  const others = rows.slice(few).map((one) => one.element);
  if (!others.length) return list;
  const more = button("", () => show(others[0].hidden), { class: "quiet more" });
  function show(isAll) {
    for (const one of others) one.hidden = !isAll;
    more.setAttribute("aria-expanded", String(isAll));
    more.textContent = isAll ? "Only the likeliest" : `All ${rows.length} ${many}`;
  }
  show(false);
  return [list, more];
}
