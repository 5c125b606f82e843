// What a person knows better: right by one click, another class by two, a class that nobody thought of by its name.

import * as api from "./api.js";
import { button, make, newId } from "./make.js";
import { readable, sentence } from "./words.js";

const FEW = 12; // classes that fit beside each other; more are found by typing

export function feedbackView(target, ranked, requestId) {
  const [likeliest, ...others] = ranked;
  const element = make("div", { class: "feedback" });
  const message = make("p", { class: "message", role: "alert" });
  const question = newId("question");
  const wrong = button("Wrong", open, { "aria-expanded": "false" });
  const choice = make("div", { class: "choice", hidden: true }, otherwise(target, others, tell));

  function open() {
    choice.hidden = !choice.hidden;
    wrong.setAttribute("aria-expanded", String(!choice.hidden));
    if (!choice.hidden) choice.querySelector("button, input").focus();
  }

  async function tell(label) {
    if (element.getAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    message.textContent = "";
    try {
      const { content } = await api.feedback(requestId, { [target]: label });
      thank(label, content.labels[target]);
    } catch (problem) {
      message.textContent = problem.message;
    }
    element.removeAttribute("aria-busy");
  }

  function thank(label, spelled) {
    const isKnown = ranked.includes(label) || ranked.includes(spelled); // an earlier version spells some otherwise
    const isNews = isKnown ? "" : " The model does not know this one yet.";
    const words = make("p", { class: "thanks", tabindex: -1, role: "status" },
      `Thank you. ${sentence(`noted as ${spelled}`)}${isNews}`);
    element.replaceChildren(words);
    words.focus({ preventScroll: true }); // the button that had it is gone
  }

  element.append(
    make("div", { class: "row", role: "group", "aria-labelledby": question },
      make("span", { id: question, class: "question" }, `Is it ${likeliest}?`),
      button("Right", () => tell(likeliest)), wrong),
    choice,
    message,
  );
  return element;
}

function otherwise(target, others, tell) {
  const id = newId("class");
  const isFew = others.length <= FEW;
  const box = make("input", { id, type: "text", maxlength: 200, autocomplete: "off", list: isFew ? null : `${id}-known` });
  return [
    isFew && make("div", { class: "chips", role: "group", "aria-label": `The true ${readable(target)}` },
      others.map((label) => button(label, () => tell(label)))),
    !isFew && make("datalist", { id: `${id}-known` }, others.map((label) => make("option", { value: label }))),
    make("form", { class: "row", novalidate: true, submit: (event) => {
      event.preventDefault();
      if (box.value.trim()) tell(box.value.trim());
      else box.focus();
    } },
      make("label", { for: id }, isFew && others.length ? "Something else" : `The true ${readable(target)}`), box,
      make("button", { type: "submit" }, "Tell")),
  ];
}
