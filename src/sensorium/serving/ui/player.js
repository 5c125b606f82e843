// Plays a sound that was given: one button, and the waveform to move in.

import { button, make } from "./make.js";
import { seconds } from "./words.js";
import { peaks, waveform } from "./waveform.js";

export function player(blob, name) {
  const address = URL.createObjectURL(blob);
  const sound = new Audio(address);
  const wave = waveform();
  const time = make("span", { class: "time" });
  const place = make("input", {
    type: "range", min: 0, max: 1, step: 0.01, value: 0, "aria-label": `Position in ${name}`, input: seek,
  });
  const toggle = button("", () => (sound.paused ? start() : sound.pause()), { class: "play" });
  let length = 0;

  function show() {
    const part = length ? Math.min(1, sound.currentTime / length) : 0;
    wave.play(part);
    place.value = part;
    place.setAttribute("aria-valuetext", seconds(sound.currentTime));
    time.textContent = length ? seconds(sound.paused && !sound.currentTime ? length : sound.currentTime) : "";
    toggle.setAttribute("aria-label", sound.paused ? `Play ${name}` : `Pause ${name}`);
    toggle.classList.toggle("playing", !sound.paused);
    if (!sound.paused) requestAnimationFrame(show);
  }
  function start() {
    // A browser that cannot play what the service can read: the button does nothing, the file is sent all the same.
    sound.play().catch(() => (toggle.disabled = true));
  }
  function seek() {
    sound.currentTime = place.value * length;
    show();
  }
  for (const event of ["play", "pause", "ended", "loadedmetadata"]) sound.addEventListener(event, show);

  decode(blob).then((buffer) => {
    length = buffer.duration;
    wave.show(peaks(buffer));
    show();
  }).catch(() => (element.classList.add("mute")));

  const element = make("div", { class: "player" }, toggle, make("div", { class: "track" }, wave.element, place), time);
  show();
  return {
    element,
    close: () => {
      sound.pause();
      URL.revokeObjectURL(address);
    },
  };
}

async function decode(blob) {
  // A context that never sounds needs no click and no audio device.
  return new OfflineAudioContext(1, 1, 44_100).decodeAudioData(await blob.arrayBuffer());
}
