// For kinds that this page knows nothing of.

import { make } from "../make.js";
import { chooser } from "../files.js";
import { format, listed, megabytes } from "../words.js";
import { slot } from "./slot.js";

export function file(about) {
  const formats = listed(about.input.media_types.map(format));
  const hint = `${formats ? `${formats}, up` : "Up"} to ${megabytes(about.input.max_bytes)}`;
  const ways = [
    make("p", { class: "invite" }, "Drop a file here"),
    make("div", { class: "row" }, chooser("Choose a file", about.input, (one) => place.take(one))),
    make("p", { class: "hint" }, hint),
  ];
  const place = slot(about, ways, (one) => ({
    element: make("p", { class: "hint" }, megabytes(one.size)),
    close: () => {},
  }));
  return place;
}
