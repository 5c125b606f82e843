// Tags as an answer: those that are said, all as bars, what each input contributed to one of them, and feedback.

import * as api from "./api.js";
import { attributionView } from "./attribution.js";
import { bar, bars } from "./bars.js";
import { button, make, newId } from "./make.js";
import { percent, readable } from "./words.js";

const FEW = 12; // tags that are shown before one asks for all

export const about = (known) => `any of ${known.tags.length} tags`;

export const fits = (target) => "labels" in target;

export const spoken = (target) =>
  target.labels.map((tag) => `${tag}, ${percent(target.probabilities[tag])}`).join("; ") || "no tags";

export function view(name, target, content, schema) {
  const said = new Set(target.labels);
  const ranked = Object.entries(target.probabilities).sort(
    ([tag, one], [rival, other]) => said.has(rival) - said.has(tag) || other - one);
  const attribution = make("div", { class: "attribution" });
  const thresholds = schema.targets[name]?.thresholds ?? {};
  const rows = new Map(ranked.map(([tag, probability]) => [tag, bar(tag, probability, choose, thresholds[tag])]));

  function choose(tag) {
    for (const [one, { toggle }] of rows) toggle.setAttribute("aria-pressed", String(one === tag));
    if (target.attribution) attribution.replaceChildren(...attributionView(tag, target, schema.inputs));
  }

  choose(ranked[0][0]);
  const title = newId("target");
  return make(
    "article",
    { class: "target", "aria-labelledby": title, "data-target": name },
    make("h2", { id: title }, readable(name)),
    decision(target),
    bars([...rows.values()], Math.max(said.size, Math.min(FEW, rows.size)), "Tags, the likely ones first", "tags"),
    make("p", { class: "hint" }, "A tag is said from the mark on its bar."),
    attribution,
    feedback(name, ranked.map(([tag]) => tag), said, content.request_id),
  );
}

function decision(target) {
  if (!target.labels.length) return make("p", { class: "label abstained" }, make("strong", {}, "No tags"));
  return make("ul", { class: "tags", "aria-label": "Tags that are likely enough" },
    target.labels.map((tag) => make("li", {}, make("strong", {}, tag),
      make("span", { class: "sure" }, percent(target.probabilities[tag])))));
}

/** Right by one click; else the true tags are ticked, and others that nobody thought of are typed. */
function feedback(name, known, said, requestId) {
  const message = make("p", { class: "message", role: "alert" });
  const question = newId("question");
  const ticked = new Set(said);
  const wrong = button("Wrong", open, { "aria-expanded": "false" });
  const id = newId("tags");
  const box = make("input", { id, type: "text", maxlength: 200, autocomplete: "off" });
  const boxes = known.map((tag) => {
    const tick = newId("tag");
    const input = make("input", { id: tick, type: "checkbox", change: () => (input.checked ? ticked.add(tag) : ticked.delete(tag)) });
    input.checked = said.has(tag);
    return make("span", { class: "tick" }, input, make("label", { for: tick }, tag));
  });
  const choice = make("form", { class: "choice", hidden: true, novalidate: true, submit: (event) => {
    event.preventDefault();
    tell([...ticked, ...box.value.split(/[;,]/).map((tag) => tag.trim()).filter(Boolean)]);
  } },
    make("div", { class: "ticks", role: "group", "aria-label": `The true ${readable(name)}` }, boxes),
    make("div", { class: "row" }, make("label", { for: id }, "Others, with a comma between them"), box,
      make("button", { type: "submit" }, "Tell")));
  const element = make("div", { class: "feedback" },
    make("div", { class: "row", role: "group", "aria-labelledby": question },
      make("span", { id: question, class: "question" }, "Are these the tags?"),
      button("Right", () => tell([...said])), wrong),
    choice, message);

  function open() {
    choice.hidden = !choice.hidden;
    wrong.setAttribute("aria-expanded", String(!choice.hidden));
    if (!choice.hidden) choice.querySelector("input").focus();
  }

  async function tell(labels) {
    if (element.getAttribute("aria-busy")) return;
    element.setAttribute("aria-busy", "true");
    message.textContent = "";
    try {
      const { content } = await api.feedback(requestId, { [name]: labels });
      const noted = content.labels[name];
      const news = noted.filter((tag) => !known.includes(tag));
      const isNews = news.length ? ` The model does not know ${news.join(", ")} yet.` : "";
      const words = make("p", { class: "thanks", tabindex: -1, role: "status" },
        `Thank you. Noted as ${noted.join(", ") || "no tags"}.${isNews}`);
      element.replaceChildren(words);
      words.focus({ preventScroll: true });
    } catch (problem) {
      message.textContent = problem.message;
    }
    element.removeAttribute("aria-busy");
  }

  return element;
}
