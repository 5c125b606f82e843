// An answer that this page has no picture of: its names and values, what each input added, and feedback in words.

import { textFeedback } from "../feedback.js";
import { make } from "../make.js";
import { flattened, rounded } from "../words.js";

const FEW = 12; // lines that are shown before one asks for all

/** Without what inputs added, which has an older name, too. */
const said = ({ attribution, base, shares, ...answer }) => lines(answer);

const lines = (values) =>
  flattened(values).map(([name, value]) => [name, typeof value === "number" ? rounded(value) : value]);

export const spoken = (answer) => said(answer).slice(0, FEW).map((line) => line.join(" ")).join(", ");

export function view(name, answer, content) {
  const { attribution, base } = answer;
  return [
    facts(said(answer)),
    attribution && make("div", { class: "attribution" }, make("h3", {}, "What each input added"),
      facts(lines({ "knowing nothing": base, ...attribution }))),
    textFeedback(name, content.request_id),
  ];
}

function facts(all) {
  const list = (some) =>
    make("dl", { class: "facts" }, some.map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, String(value)))));
  const others = all.slice(FEW);
  return [list(all.slice(0, FEW)), others.length > 0 && make("details", {}, make("summary", {}, `${others.length} more`), list(others))];
}
