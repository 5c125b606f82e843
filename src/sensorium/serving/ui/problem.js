// What went wrong, and what can be done about it.

import { key } from "./api.js";
import { button, make, newId } from "./make.js";

const TITLES = {
  0: "No answer",
  400: "The service cannot use this",
  401: "An API key is needed",
  403: "Not allowed",
  413: "Too large",
  429: "Too many requests",
  503: "The service is busy",
};

/** `again` repeats what failed. */
export function problemView(problem, again) {
  const title = TITLES[problem.status] ?? "Something went wrong";
  return make(
    "div",
    { class: "problem", role: "alert" },
    make("h2", {}, title),
    // The service says the same and more, for programs.
    !problem.message.startsWith(title) && make("p", {}, problem.message),
    wayOut(problem, again),
  );
}

function wayOut(problem, again) {
  if (problem.status === 401) return keyForm(again);
  const isTheSame = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
  return isTheSame ? null : retry(problem.wait, again);
}

function keyForm(again) {
  const id = newId("key");
  const box = make("input", { id, type: "password", autocomplete: "off", spellcheck: "false", required: true });
  const submit = (event) => {
    event.preventDefault();
    if (!box.value.trim()) return box.focus();
    key.keep(box.value.trim());
    return again();
  };
  return [
    make("form", { class: "row", novalidate: true, submit }, make("label", { for: id }, "API key"), box,
      make("button", { type: "submit", class: "primary" }, "Use this key")),
    make("p", { class: "hint" }, "It is kept in this tab until the tab is closed."),
  ];
}

/** Counts down what the service asked to wait. */
function retry(wait, again) {
  let left = wait;
  const one = button("", () => left > 0 || again());
  const show = () => {
    one.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
    if (left > 0) one.setAttribute("aria-disabled", "true");
    else one.removeAttribute("aria-disabled");
  };
  const timer = setInterval(() => {
    left -= 1;
    show();
    if (left <= 0 || !one.isConnected) clearInterval(timer);
  }, 1000);
  show();
  return make("div", { class: "row", "aria-live": "off" }, one);
}
