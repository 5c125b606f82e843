// Files that people give: by choosing, dropping or pasting.

import { button, make } from "./make.js";
import { format, listed, megabytes } from "./words.js";

const UNKNOWN = "application/octet-stream"; // what browsers have no name for

// Names that systems give to the same thing.
const SAME = {
  "application/vnd.ms-excel": "text/csv", // where a spreadsheet program opens it
  "application/x-zip-compressed": "application/zip",
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-ms-bmp": "image/bmp",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "audio/x-flac": "audio/flac",
  "audio/mp3": "audio/mpeg",
  "audio/opus": "audio/ogg",
  "audio/m4a": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "video/avi": "video/x-msvideo",
  "video/matroska": "video/x-matroska",
  "video/x-m4v": "video/mp4",
  "video/ogg": "audio/ogg",
  "application/ogg": "audio/ogg",
};

// What systems call by the name of something else: an animated PNG ends as any other does.
const MAY_BE = { "image/png": "image/apng" };

/** Why the service would refuse a file; empty where it would not, or where only it can tell. */
export function objection(file, input) {
  if (!isOfType(file, input) && !mayBeOfType(file, input)) {
    const given = file.type ? format(file.type) : "of an unknown type";
    return `${file.name} is ${given}. ${listed(input.media_types.map(format))} can be read.`;
  }
  if (file.size > input.max_bytes) {
    return `${file.name} has ${megabytes(file.size)}. At most ${megabytes(input.max_bytes)} can be read.`;
  }
  return file.size ? "" : `${file.name} is empty.`;
}

function mayBeOfType(file, input) {
  return input.media_types.includes(MAY_BE[file.type]);
}

function isOfType(file, input) {
  return !input.media_types.length || input.media_types.includes(SAME[file.type] ?? (file.type || UNKNOWN));
}

/** A button that opens the system's choice of files; `extra` goes to the input behind it. */
export function chooser(words, input, take, extra = {}) {
  const like = Object.keys(MAY_BE).filter((type) => input.media_types.includes(MAY_BE[type]));
  const hidden = make("input", {
    type: "file",
    hidden: true,
    accept: [...input.media_types, ...like].join(",") || null,
    change: () => {
      if (hidden.files.length) take(hidden.files[0]);
      hidden.value = ""; // the same file may be chosen again after it was removed
    },
    ...extra,
  });
  return [hidden, button(words, () => hidden.click())];
}

/** Lets files be dropped on the cards, on the page between them, and pasted; text goes where it always goes. */
export function receiveFiles(cards) {
  const isFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const cardAt = (target) => cards.find((card) => card.element.contains(target));
  const mark = (over) => {
    for (const card of cards) card.element.classList.toggle("over", card === over);
  };
  document.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    mark(cardAt(event.target));
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) mark(null);
  });
  document.addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    mark(null);
    const files = [...event.dataTransfer.files];
    // Several files are meant for several cards, whichever they were dropped on.
    for (const file of files) give(file, files.length === 1 ? cardAt(event.target) : null, cards);
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (!file || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    give(file, cardAt(event.target), cards);
  });
}

function give(file, card, cards) {
  const takers = cards.filter((one) => one.take);
  const fitting = [isOfType, mayBeOfType]
    .flatMap((fits) => takers.filter((one) => fits(file, one.input)).sort((one, other) => one.isGiven() - other.isGiven()))
    .at(0);
  // A card that was aimed at answers for itself, even if only to say why not.
  const chosen = card?.take ? card : (fitting ?? takers[0]);
  chosen?.take(file);
}
