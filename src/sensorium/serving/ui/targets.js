// The kinds of target, a file each: what the service says of it (`about`), and its answer (`fits`, `spoken`, `view`).

import * as multilabel from "./multilabel.js";
import * as number from "./number.js";
import * as label from "./class.js";

export const KINDS = { class: label, multilabel, number };
