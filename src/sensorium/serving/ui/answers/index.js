// How answers are shown, by what they hold; one that fits nothing else is shown as its names and values.
//
// A view has `fits(answer)`; `spoken(answer)`, the answer in words; and `view(name, answer, content, schema)`, what
// stands below the target's name, where `content` is the whole reply and `schema` what /schema says.

import * as label from "./label.js";
import * as number from "./number.js";
import * as plain from "./plain.js";
import * as tags from "./tags.js";

const VIEWS = [label, tags, number];

export const viewOf = (answer) => VIEWS.find((one) => one.fits(answer)) ?? plain;
