import { make, newId } from "../make.js";
import { listed, readable } from "../words.js";

export function tabular({ input, changed }) {
  const properties = input.value.properties ?? {};
  const numbers = input.settings.numbers ?? [];
  const categories = input.settings.categories ?? [];
  const dates = input.settings.dates ?? [];
  const fields = new Map([
    ...numbers.map((column) => [column, field(column, { type: "number", step: "any", inputmode: "decimal" })]),
    ...categories.map((column) => [column, field(column, { type: "text", autocomplete: "off" })]),
    ...dates.map((column) => [column, field(column, { type: "datetime-local" })]),
  ]);

  function field(column, attributes) {
    const id = newId("column");
    const box = make("input", { id, input: changed, placeholder: "not given", ...attributes });
    const known = properties[column]?.examples ?? [];
    const list = known.length && make("datalist", { id: `${id}-known` }, known.map((value) => make("option", { value })));
    if (list) box.setAttribute("list", list.id);
    return { box, element: make("div", { class: "field" }, make("label", { for: id }, readable(column)), box, list || null) };
  }

  const wrong = () => numbers.filter((column) => fields.get(column).box.validity.badInput);

  return {
    element: make("div", { class: "fields" }, [...fields.values()].map((one) => one.element)),
    value() {
      const given = [...fields]
        .map(([column, { box }]) => [column, box.type === "number" ? box.value : box.value.trim()])
        .filter(([, value]) => value !== "")
        .map(([column, value]) => [column, numbers.includes(column) ? Number(value) : value]);
      return given.length ? JSON.stringify(Object.fromEntries(given)) : null;
    },
    problem: () => (wrong().length ? `${listed(wrong().map(readable), "and")}: a number is expected.` : ""),
    fill(values) {
      for (const [column, { box }] of fields) box.value = values[column] ?? "";
    },
    clear() {
      this.fill({});
    },
  };
}

export const cells = (value) =>
  make("span", { class: "words" }, Object.entries(value).map(([column, cell]) => `${readable(column)} ${cell}`).join(", "));
