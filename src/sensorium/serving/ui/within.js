// Which parts of an input mattered: frames of a clip, spans of a series. It costs as much as many answers, so it is asked for.

import * as api from "./api.js";
import { button, draw, make, styled } from "./make.js";
import { readable, rounded } from "./words.js";

/** A button for every input that has parts; `body` is what was asked about. */
export function withinView(content, schema, body) {
  const names = content.inputs.filter((name) => schema.inputs[name]?.is_sketched);
  return names.length > 0 && make("section", { class: "within", "aria-label": "Parts that mattered" },
    names.map((name) => place(name, schema, body)));
}

function place(name, schema, body) {
  const hue = Object.keys(schema.inputs).indexOf(name) % 6;
  const element = make("div", { class: `hue-${hue}`, "data-within": name });
  const message = make("p", { class: "message", role: "alert" });
  const words = `What mattered in ${readable(name)}`;
  const ask = button(words, show);

  async function show() {
    if (ask.getAttribute("aria-disabled")) return;
    ask.setAttribute("aria-disabled", "true");
    ask.textContent = "Hiding part after part";
    message.textContent = "";
    try {
      const { content } = await api.within(name, body, schema.limits);
      element.replaceChildren(...Object.entries(content.targets).map(([target, weights]) => figure(name, target, content.picture, weights)));
      element.firstChild.focus({ preventScroll: true }); // the button that had it is gone
    } catch (problem) {
      message.textContent = problem.message;
      ask.removeAttribute("aria-disabled");
      ask.textContent = words;
    }
  }

  element.append(ask, message);
  return element;
}

function figure(name, target, picture, weights) {
  const most = Math.max(...weights.map(Math.abs)); // null counts as nothing
  const size = (weight) => (most > 0 ? Math.abs(weight ?? 0) / most : 0);
  const marks = picture.parts.map(([x, y, width, height], part) =>
    styled(draw("rect", { class: weights[part] < 0 ? "against" : "for", x, y, width, height }), { "--weight": size(weights[part]) }));
  return make("figure", { tabindex: -1 },
    make("figcaption", {}, `What in ${readable(name)} spoke for the ${readable(target)}`),
    draw("svg", { viewBox: `0 0 ${picture.width} ${picture.height}`, class: picture.sort, role: "img", "aria-label": said(weights, most) },
      picture.image && draw("image", { href: picture.image, width: picture.width, height: picture.height }),
      marks,
      picture.lines.map((d) => draw("path", { d })),
      picture.words.map(([x, y, words]) => draw("text", { x, y }, words))),
    bars(weights, size),
    make("p", { class: "hint" }, `Above the line it spoke for the answer, below against it; the longest bar is ${rounded(most)}.`));
}

/** How much each part did, in its order: for above the line, against below it. */
function bars(weights, size) {
  return make("div", { class: "amounts", "aria-hidden": "true" }, weights.map((weight) =>
    styled(make("span", { class: weight < 0 ? "against" : "for" }), { "--size": `${50 * size(weight)}%` })));
}

function said(weights, most) {
  const place = weights.findIndex((weight) => Math.abs(weight) === most);
  if (!most) return `None of its ${weights.length} parts mattered`;
  return `Part ${place + 1} of ${weights.length} mattered most, and spoke ${weights[place] < 0 ? "against" : "for"} the answer`;
}
