// Series of numbers: pasted, a box a column, or in a file.

import { chooser } from "../files.js";
import { draw, make, newId } from "../make.js";
import { listed, megabytes, readable } from "../words.js";
import { slot } from "./slot.js";

const DRAWN = 600; // points of a channel
const LOOKED_AT = 2 ** 20; // bytes of a file that are drawn
const [WIDTH, HEIGHT] = [300, 60];

export const signal = (about) => (about.input.is_file ? inFile(about) : inColumns(about));

function inFile(about) {
  const area = make("textarea", {
    rows: 2,
    "aria-label": `${readable(about.name)} as numbers`,
    placeholder: "Paste numbers, a line a sample",
    autocomplete: "off",
    change: () => {
      if (!area.value.trim()) return;
      place.take(new File([area.value], "pasted.csv", { type: "text/csv" }));
      area.value = "";
    },
  });
  const any = { ...about.input, media_types: [] }; // browsers have no names for most of these files
  const ways = [
    make("p", { class: "invite" }, "Drop a file here, or paste its numbers"),
    area,
    make("div", { class: "row" }, chooser("Choose a file", any, (file) => place.take(file))),
    make("p", { class: "hint" }, `CSV, NPY, NPZ, Parquet, WAV or EDF, up to ${megabytes(about.input.max_bytes)}`),
  ];
  const place = slot({ ...about, input: any }, ways, look);
  return place;
}

/** A file of text is drawn; of others the service knows what they hold. */
function look(file) {
  const element = make("div", {}, make("p", { class: "hint" }, megabytes(file.size)));
  file
    .slice(0, LOOKED_AT)
    .text()
    .then((text) => {
      const rows = text.split(/\r?\n/).map((line) => line.split(/[,;\t ]/).map(number));
      const channels = (rows[1] ?? []).map((_, place) => rows.map((row) => row[place]));
      const known = channels.filter((channel) => channel.filter(Number.isFinite).length > 1);
      if (known.length && !text.includes("\0")) element.replaceChildren(...known.slice(0, 6).map(plot));
    });
  return { element, close: () => {} };
}

function inColumns({ input, changed }) {
  const fields = new Map(input.settings.columns.map((column) => [column, field(column)]));

  function field(column) {
    const id = newId("column");
    const seen = make("div", {});
    const box = make("textarea", {
      id,
      rows: 2,
      placeholder: "Paste numbers: 0.5, 0.7, 0.6",
      autocomplete: "off",
      input: () => {
        show();
        changed();
      },
    });
    const show = () => {
      const samples = numbers(box.value);
      seen.replaceChildren(...(samples.filter(Number.isFinite).length > 1 ? [plot(samples)] : []));
    };
    return { box, show, element: make("div", { class: "field" }, make("label", { for: id }, readable(column)), box, seen) };
  }

  const given = () => [...fields].filter(([, { box }]) => box.value.trim());
  const wrong = () => given().filter(([, { box }]) => !numbers(box.value).some(Number.isFinite));

  return {
    element: make("div", { class: "channels" }, [...fields.values()].map((one) => one.element)),
    value: () =>
      given().length ? JSON.stringify(Object.fromEntries(given().map(([column, { box }]) => [column, box.value]))) : null,
    problem: () =>
      wrong().length ? `${listed(wrong().map(([column]) => readable(column)), "and")}: numbers are expected.` : "",
    fill(values) {
      for (const [column, { box, show }] of fields) {
        const cell = values[column] ?? "";
        box.value = Array.isArray(cell) ? cell.map((one) => one ?? "").join(", ") : cell;
        show();
      }
    },
    clear() {
      this.fill({});
    },
  };
}

const number = (cell) => (cell.trim() === "" ? Number.NaN : Number(cell));

function numbers(text) {
  const bare = text.trim().replace(/^\[|\]$/g, "");
  return bare.split(/[,;]/.test(bare) ? /[,;]/ : /\s+/).map(number);
}

/** A line that is broken where samples are missing. */
function plot(samples) {
  const step = Math.max(1, Math.floor(samples.length / DRAWN));
  const points = samples.filter((_, place) => place % step === 0);
  const known = points.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  let path = "";
  points.forEach((one, place) => {
    if (!Number.isFinite(one)) return;
    const x = (place / Math.max(1, points.length - 1)) * WIDTH;
    const y = high > low ? HEIGHT - 3 - ((one - low) / (high - low)) * (HEIGHT - 6) : HEIGHT / 2;
    path += `${Number.isFinite(points[place - 1]) ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "plot", "aria-hidden": "true" };
  return draw("svg", box, draw("path", { d: path }));
}
