import { make } from "../make.js";
import { megabytes, readable } from "../words.js";

export function text({ name, input, changed }) {
  const area = make("textarea", {
    rows: 3,
    "aria-label": readable(name),
    placeholder: "Type or paste a text",
    autocomplete: "off",
    input: () => {
      grow();
      changed();
    },
  });

  function grow() {
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }

  function fill(value) {
    area.value = value;
    grow();
  }

  return {
    element: area,
    value: () => (area.value.trim() ? area.value : null),
    problem: () => {
      const isLong = new Blob([area.value]).size > input.max_bytes;
      return isLong ? `This text is too long. At most ${megabytes(input.max_bytes)} can be read.` : "";
    },
    fill,
    clear: () => fill(""),
  };
}

export const words = (value) => make("span", { class: "words" }, value);
