// The page: asks the service what it reads, builds the form, and shows what comes back.

import * as api from "./api.js";
import { showAbout } from "./about.js";
import { answerView, spoken } from "./answer.js";
import { showExamples } from "./examples.js";
import { buildForm } from "./form.js";
import { make } from "./make.js";
import { problemView } from "./problem.js";
import { capital, listed, readable } from "./words.js";

const at = (id) => document.getElementById(id);
const inputs = at("inputs");
const answer = at("answer");

/** What screen readers hear; the answer itself would be too long to be read out whole. */
const tell = (words) => (at("status").textContent = words);

async function start() {
  const hadFocus = inputs.contains(document.activeElement);
  inputs.setAttribute("aria-busy", "true");
  inputs.replaceChildren(make("div", {}, make("p", { class: "unseen" }, "Loading"), ghost(), ghost(), ghost()));
  try {
    build((await api.schema()).content);
    if (hadFocus) inputs.querySelector("textarea, input:not([hidden]), button").focus();
  } catch (problem) {
    inputs.replaceChildren(problemView(problem, start));
    inputs.querySelector(".problem input")?.focus();
  }
  inputs.removeAttribute("aria-busy");
}

function build(schema) {
  const names = Object.keys(schema.columns).map(readable);
  const targets = Object.keys(schema.targets).map(readable);
  const few = names.length > 1 ? ", together or alone" : "";
  const title = schema.title || capital(listed(targets, "and"));
  at("title").textContent = document.title = title;
  at("lead").textContent =
    `It takes ${listed(names, "and")}${few}, and tells ${listed(targets, "and")}. ` +
    "You see how sure it is, and what each input did.";
  const invite = () => answer.replaceChildren(invitation());
  const form = buildForm(schema, (body) => send(schema, form, body), invite);
  inputs.replaceChildren(form.element);
  invite();
  if (schema.examples) showExamples(at("examples"), schema, form);
  showAbout(at("about"), schema);
}

async function send(schema, form, body) {
  form.busy(true);
  answer.setAttribute("aria-busy", "true");
  const old = answer.querySelector(".problem");
  if (old?.contains(document.activeElement)) answer.focus({ preventScroll: true });
  old?.remove();
  if (!answer.querySelector(".answered")) answer.replaceChildren(ghost(), ghost());
  tell("Asking the model.");
  try {
    const reply = await api.explain(body, schema.limits);
    answer.replaceChildren(answerView(reply, schema, body));
    tell(spoken(reply.content));
  } catch (problem) {
    answer.replaceChildren(problemView(problem, form.again), ...answer.querySelectorAll(".answered"));
    answer.querySelector(".problem input")?.focus();
    tell("");
  }
  answer.removeAttribute("aria-busy");
  form.busy(false);
  bringIntoView();
}

/** On a telephone the answer is below the form. */
function bringIntoView() {
  const { top } = answer.getBoundingClientRect();
  if (top < window.innerHeight * 0.75 && top > -80) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  answer.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
}

function invitation() {
  return make(
    "div",
    { class: "invitation" },
    make("img", { src: "mark.svg", alt: "", width: 96, height: 96 }),
    make("p", {}, "The answer comes here."),
    make("p", { class: "hint" }, "What you give goes to this service and nowhere else."),
  );
}

const ghost = () => make("div", { class: "ghost", "aria-hidden": "true" });

start();
