// What a person knows better, which every view of an answer has its own way to ask for.

import * as api from "./api.js";
import { button, make, newId } from "./make.js";
import { readable, sentence } from "./words.js";

/** An element for the ways to tell, and `tell(label)`, which thanks in their place or says what is wrong.
 *  `news(label, noted)` is added to the thanks. */
export function teller(name, requestId, news = () => "") {
  const message = make("p", { class: "message", role: "alert" });
  const element = make("div", { class: "feedback" }, message);

  async function tell(label) {
    if (element.getAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    message.textContent = "";
    try {
      const noted = (await api.feedback(requestId, { [name]: label })).content.labels[name];
      thank(Array.isArray(noted) ? noted.join(", ") || "nothing" : String(noted), news(label, noted));
    } catch (problem) {
      message.textContent = problem.message;
    }
    element.removeAttribute("aria-busy");
  }

  function thank(noted, more) {
    const words = make("p", { class: "thanks", tabindex: -1, role: "status" },
      `Thank you. ${sentence(`noted as ${noted}`)}${more}`);
    element.replaceChildren(words);
    words.focus({ preventScroll: true }); // the button that had it is gone
  }

  return { element, tell };
}

/** A question with a button for yes, and one that opens the ways to tell otherwise. */
export function rightOrWrong(question, right, ways) {
  const id = newId("question");
  const wrong = button("Wrong", open, { "aria-expanded": "false" });
  const choice = make("div", { class: "choice", hidden: true }, ways);

  function open() {
    choice.hidden = !choice.hidden;
    wrong.setAttribute("aria-expanded", String(!choice.hidden));
    if (!choice.hidden) choice.querySelector("button, input").focus();
  }

  const asked = make("span", { id, class: "question" }, question);
  const row = { class: "row", role: "group", "aria-labelledby": id };
  return [make("div", row, asked, button("Right", right), wrong), choice];
}

/** A box for the true answer; `attributes` are the box's. */
export function textFeedback(name, requestId, attributes = {}) {
  const { element, tell } = teller(name, requestId);
  const id = newId("true");
  const box = make("input", { id, type: "text", maxlength: 200, autocomplete: "off", ...attributes });
  const submit = (event) => {
    event.preventDefault();
    if (box.value.trim()) tell(box.value.trim());
    else box.focus();
  };
  element.prepend(make("form", { class: "choice", novalidate: true, submit },
    make("div", { class: "row" }, make("label", { for: id }, `The true ${readable(name)}`), box,
      make("button", { type: "submit" }, "Tell"))));
  return element;
}
