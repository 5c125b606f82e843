import { chooser } from "../files.js";
import { button, make } from "../make.js";
import { player } from "../player.js";
import { canRecord, record } from "../recorder.js";
import { BARS, waveform } from "../waveform.js";
import { format, listed, megabytes, readable, seconds } from "../words.js";
import { slot } from "./slot.js";

const MOST = 60; // seconds, where the model sets no limit
const SECOND = 200_000; // bytes that one of a recording takes at most

export function audio(about) {
  const { input, name, say } = about;
  const most = Math.min(input.settings.seconds ?? MOST, Math.floor(input.max_bytes / SECOND));
  const limit = input.settings.seconds ? `The first ${most} s count. ` : "";
  const formats = listed(input.media_types.map(format));
  let recording = null;

  const begin = button("Record", start, { class: "record" });
  const idle = make(
    "div",
    {},
    make("p", { class: "invite" }, canRecord() ? "Record or drop a sound" : "Drop a sound"),
    make("div", { class: "row" }, canRecord() && begin, chooser("Choose", input, (file) => place.take(file))),
    make("p", { class: "hint" }, `${limit}${formats}, up to ${megabytes(input.max_bytes)}`),
  );
  const live = make("div", { class: "live", hidden: true });

  async function start() {
    if (begin.getAttribute("aria-disabled")) return;
    begin.setAttribute("aria-disabled", "true");
    say("");
    const wave = waveform();
    const levels = Array(BARS).fill(0);
    const time = make("span", { class: "time" }, `${seconds(0)} of ${seconds(most)}`);
    try {
      recording = await record(most, (level, elapsed) => {
        const bar = Math.min(BARS - 1, Math.floor((elapsed / most) * BARS));
        levels[bar] = Math.max(levels[bar], level);
        wave.show(levels);
        wave.play(elapsed / most);
        time.textContent = `${seconds(elapsed)} of ${seconds(most)}`;
      }, ended);
    } catch (error) {
      ended(null);
      say(
        error.name === "NotAllowedError"
          ? "The microphone was not allowed. Allow it in the browser, or choose a file."
          : "No microphone can be used. Choose a file instead.",
      );
      return;
    }
    const stop = button("Stop", () => recording?.stop(), { class: "record on" });
    const row = make("div", { class: "row" }, stop, button("Cancel", () => recording?.cancel(), { class: "quiet" }), time);
    live.replaceChildren(make("div", { class: "track" }, wave.element), row);
    idle.hidden = true;
    live.hidden = false;
    stop.focus();
  }

  function ended(blob) {
    recording = null;
    const hadFocus = live.contains(document.activeElement);
    begin.removeAttribute("aria-disabled");
    live.hidden = true;
    live.replaceChildren();
    idle.hidden = false;
    if (hadFocus) begin.focus();
    if (blob) place.take(new File([blob], "recording.wav", { type: "audio/wav" }));
  }

  const place = slot(about, [idle, live], (file) => player(file, readable(name)));
  return {
    ...place,
    problem: () => (recording ? "Stop the recording first, or cancel it." : ""),
    take(file) {
      recording?.cancel();
      place.take(file);
    },
    clear() {
      recording?.cancel();
      place.clear();
    },
  };
}
