// A line drawing for each control.

import { draw } from "./make.js";

const PATHS = {
  text: "M4 6h16M4 10.7h16M4 15.3h16M4 20h9",
  image: "M4 4.5h16v15H4zM4 16l4.6-4.6 4.2 4.2 2.7-2.6L20 17M15.5 9h.01",
  audio: "M4 10v4M8 7v10M12 3.5v17M16 7.5v9M20 10v4",
  video: "M3 6.5h12v11H3zM15 10.5l6-3v9l-6-3",
  signal: "M2.5 12H7l2-6 4 13 3-9 1.5 2h4",
  tabular: "M4 4.5h16v15H4zM4 9.5h16M4 14.5h16M10 4.5v15",
  other: "M6 3.5h8l4 4v13H6zM14 3.5v4h4",
};

export function icon(control) {
  const path = draw("path", { d: PATHS[control] ?? PATHS.other });
  return draw("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, path);
}
