// A sound as bars. SVG rather than canvas: it takes the page's colours and any size by itself.

import { draw } from "./make.js";

export const BARS = 72;
const HEIGHT = 40;

/** Loudest values, 0 to 1, of equal parts of a decoded sound. */
export function peaks(buffer) {
  const samples = buffer.getChannelData(0);
  const step = samples.length / BARS;
  const found = Array.from({ length: BARS }, (_, bar) => {
    let loudest = 0;
    const end = Math.min(samples.length, Math.ceil((bar + 1) * step));
    for (let place = Math.floor(bar * step); place < end; place += 1) {
      loudest = Math.max(loudest, Math.abs(samples[place]));
    }
    return loudest;
  });
  const most = Math.max(...found, 0.02); // silence stays flat instead of being blown up
  return found.map((value) => value / most);
}

export function waveform() {
  const path = () => draw("path");
  const below = path();
  const above = path();
  const element = draw(
    "svg",
    { class: "wave", viewBox: `0 0 ${BARS} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    draw("g", { class: "quiet" }, below),
    draw("g", { class: "played" }, above),
  );
  return {
    element,
    show(values) {
      const line = values.map((value, bar) => {
        const half = Math.max(0.6, (value * (HEIGHT - 4)) / 2);
        return `M${bar + 0.5} ${(HEIGHT / 2 - half).toFixed(2)}v${(2 * half).toFixed(2)}`;
      });
      below.setAttribute("d", line.join(""));
      above.setAttribute("d", line.join(""));
    },
    play: (part) => element.style.setProperty("--played", `${100 * part}%`),
  };
}
