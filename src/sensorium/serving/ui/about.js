// The quiet end of the page: which model this is, where it comes from, and how programs ask it.

import { address, key } from "./api.js";
import { button, make } from "./make.js";
import { flattened, readable } from "./words.js";

export function showAbout(footer, schema) {
  const inputs = Object.entries(schema.inputs).map(([name, input]) => [readable(name), `${input.kind}, ${input.encoder}`]);
  const targets = Object.entries(schema.targets).map(([name, target]) => [readable(name), target.about ?? target.kind]);
  const facts = [["version", schema.model_version], ...flattened(schema.lineage), ...inputs, ...targets];
  footer.replaceChildren(
    make(
      "details",
      {},
      make("summary", {}, "Model ", make("code", {}, schema.model_version)),
      make("dl", {}, facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, String(value))))),
      key.isKept() && forgetting(),
    ),
    make("a", { href: address("docs") }, "API"),
    make("span", { class: "brand" }, make("img", { src: "mark.svg", alt: "", width: 18, height: 18 }), "Sensorium"),
  );
}

function forgetting() {
  const element = make("p", {}, button("Forget the API key", () => {
    key.forget();
    element.replaceChildren("Forgotten. The next request asks for one.");
  }, { class: "quiet" }));
  return element;
}
