// How numbers, names and lists are said.

export const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** A share has a sign, and a true minus is as wide as a plus. */
export function points(share) {
  const size = Math.abs(100 * share).toFixed(1);
  if (size === "0.0") return "0.0";
  return `${share < 0 ? "−" : "+"}${size}`;
}

export const milliseconds = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

export const seconds = (value) => `${value.toFixed(1)} s`;

export function megabytes(bytes) {
  if (bytes < 2 ** 20) return `${Math.max(1, Math.round(bytes / 2 ** 10))}\u00a0KB`;
  return `${Number((bytes / 2 ** 20).toFixed(1))}\u00a0MB`;
}

export const rounded = (number) => number.toLocaleString("en", { maximumSignificantDigits: 4 });

/** Names are columns of somebody's table. */
export const readable = (name) => name.replaceAll("_", " ");

export function listed(names, last = "or") {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/** What JSON holds, nested or not, as names with their values; of lists of plain values one each. */
export function flattened(value, path = []) {
  const isPlain = (one) => one === null || typeof one !== "object";
  if (isPlain(value)) return [[path.map(readable).join(" "), value ?? "none"]];
  if (Array.isArray(value) && value.every(isPlain)) return [[path.map(readable).join(" "), value.join(", ") || "none"]];
  return Object.entries(value).flatMap(([name, one]) => flattened(one, [...path, name]));
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The service's sentences begin small and end without a full stop, as its logs want them. */
export function sentence(text) {
  const whole = capital(text);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

const KNOWN = {
  "audio/mpeg": "MP3",
  "audio/mp4": "M4A",
  "image/webp": "WebP",
  "video/mp2t": "MPEG-TS",
  "video/quicktime": "MOV",
  "video/x-matroska": "MKV",
  "video/x-ms-wmv": "WMV",
  "video/x-msvideo": "AVI",
};

/** image/svg+xml, audio/x-wav: people know SVG and WAV. */
export function format(type) {
  return KNOWN[type] ?? type.split("/").at(-1).replace(/^x-/, "").replace(/\+.*$/, "").toUpperCase();
}
