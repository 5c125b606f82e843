// The control for every kind of input. A kind that is not here gets the plain one for files or for text.
//
// A control is made from its name, what /schema says of it, `changed` to call when its value did, and `say` to show a
// sentence. It has an element and `value()`: a string, a File or Blob, or null where nothing is given; `clear()`;
// `take(file)` where files can be given; `problem()` where a value can be wrong.

import { audio } from "./audio.js";
import { file } from "./file.js";
import { image } from "./image.js";
import { tabular } from "./tabular.js";
import { text } from "./text.js";

const CONTROLS = { text, image, audio, tabular };

export const controlFor = (input) => CONTROLS[input.kind] ?? (input.is_file ? file : text);
