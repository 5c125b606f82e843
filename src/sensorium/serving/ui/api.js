// The service, by its paths; one level above the page, whatever a proxy put in front of both.

import { sentence } from "./words.js";

const ROOT = new URL("../", import.meta.url);
const KEY = "sensorium-api-key";
const PATIENCE = 15; // seconds beyond what the service allows itself: the way there and back

/** What went wrong, in a sentence; status 0 where nothing answered. */
export class Problem extends Error {
  constructor(words, status, wait = 0) {
    super(words);
    this.status = status;
    this.wait = wait;
  }
}

export const key = {
  isKept: () => sessionStorage.getItem(KEY) !== null,
  keep: (value) => sessionStorage.setItem(KEY, value),
  forget: () => sessionStorage.removeItem(KEY),
};

export const address = (path) => new URL(path, ROOT).href;

export const schema = () => ask("schema", {}, 30);

/** Requests that the model's owner offers to try. */
export const examples = () => ask("examples", {}, 30);

/** The decision with its reasons; where too many inputs are given to explain, without. */
export function explain(form, limits) {
  const path = [...form.keys()].length > limits.explained ? "predict" : "explain";
  return ask(path, { method: "POST", body: form }, limits.seconds);
}

/** How much each part of an input mattered, of what was asked about. */
export const within = (name, form, limits) =>
  ask(`explain/${encodeURIComponent(name)}`, { method: "POST", body: form }, limits.seconds);

export function feedback(requestId, labels) {
  const body = JSON.stringify({ request_id: requestId, labels });
  return ask("feedback", { method: "POST", body, headers: { "Content-Type": "application/json" } }, 30);
}

async function ask(path, options, seconds) {
  const began = performance.now();
  const response = await reach(path, options, seconds);
  const content = await response.json().catch(() => null);
  if (!response.ok || content === null) throw refusal(response, content);
  return {
    content,
    roundTrip: performance.now() - began,
    timing: response.headers.get("Server-Timing") ?? "",
  };
}

async function reach(path, options, seconds) {
  const headers = { ...options.headers };
  if (key.isKept()) headers.Authorization = `Bearer ${sessionStorage.getItem(KEY)}`;
  const signal = AbortSignal.timeout(1000 * (seconds + PATIENCE));
  try {
    return await fetch(address(path), { ...options, headers, signal });
  } catch (error) {
    const words =
      error.name === "TimeoutError"
        ? `The service did not answer within ${Math.round(seconds + PATIENCE)} seconds.`
        : "The service cannot be reached. It may be down, or this device may be offline.";
    throw new Problem(words, 0);
  }
}

function refusal(response, content) {
  const words = content?.error ?? `The service answered ${response.status} and gave no reason`;
  return new Problem(sentence(words), response.status, Number(response.headers.get("Retry-After")) || 0);
}
