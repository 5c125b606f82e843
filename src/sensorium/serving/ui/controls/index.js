// The controls by which inputs are given, and what each is in small. /schema says which one an input wants; where it
// wants none of these, it gets the plain one for files or for text.
//
// A control is made from its name, what /schema says of it, `changed` to call when its value did, and `say` to show a
// sentence. It has an element and `value()`: a string, a File or Blob, or null where nothing is given; `clear()`;
// `fill(value)` with a File, or what JSON holds; `take(file)` where files can be given; `problem()` where a value can be
// wrong. A glimpse is an example's value, small.

import { audio } from "./audio.js";
import { file } from "./file.js";
import { icon } from "../icons.js";
import { make } from "../make.js";
import { readable } from "../words.js";
import { image, thumbnail } from "./image.js";
import { signal } from "./signal.js";
import { cells, tabular } from "./tabular.js";
import { text, words } from "./text.js";
import { video } from "./video.js";

const CONTROLS = { text, image, audio, video, signal, tabular };
const GLIMPSES = { text: words, image: thumbnail, tabular: cells };

export const controlFor = (input) => CONTROLS[input.control] ?? (input.is_file ? file : text);

export const glimpseOf = (input) =>
  GLIMPSES[input.control] ?? ((_, name) => make("span", { class: "kind" }, icon(input.control), readable(name)));
