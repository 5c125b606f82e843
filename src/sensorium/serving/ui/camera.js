// A live picture of the camera: a snap of it, or a film with sound.

import { button, make, newId } from "./make.js";
import { seconds } from "./words.js";

const SIDE = 1600; // pixels of a photo; models look at far fewer, and a telephone's connection is slow
const FILM_SIDE = 640;
const FILM_BITS = 1_500_000; // a second
const FILMS = ["video/webm", "video/mp4"];

export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The first sort of film that both this browser writes and the service reads; nothing where there is none. */
export const filmType = (types) =>
  hasCamera() && window.MediaRecorder
    ? FILMS.find((type) => types.includes(type) && MediaRecorder.isTypeSupported(type))
    : undefined;

/** Seconds of film that so many bytes can hold. */
export const filmSeconds = (bytes) => Math.floor((bytes * 8) / (1.5 * FILM_BITS));

/** Asks for a photo. Gives a file, or null if the person changed their mind. */
export async function snap(type) {
  const shutter = button("Take the photo", () => view.close("snap"), { class: "primary", disabled: true });
  const view = await opened("Take a photo", { video: facing(SIDE) }, [shutter]);
  view.video.addEventListener("loadeddata", () => {
    shutter.disabled = false;
    shutter.focus();
  });
  const file = (await view.closed) === "snap" ? await frame(view.video, type) : null;
  view.end();
  return file;
}

/** Asks for a film of at most so many seconds. Gives a file, or null if the person changed their mind. */
export async function film(type, most) {
  const time = make("span", { class: "time" }, `${seconds(0)} of ${seconds(most)}`);
  const toggle = button("Record", () => (recorder.state === "inactive" ? begin() : view.close("film")), { class: "record" });
  const view = await opened("Record a clip", { video: facing(FILM_SIDE), audio: true }, [toggle, time]);
  const recorder = new MediaRecorder(view.stream, { mimeType: type, videoBitsPerSecond: FILM_BITS });
  const parts = [];
  let clock = null;

  function begin() {
    const started = performance.now();
    recorder.start(500);
    toggle.textContent = "Stop";
    toggle.classList.add("on");
    clock = setInterval(() => {
      const elapsed = Math.min(most, (performance.now() - started) / 1000);
      time.textContent = `${seconds(elapsed)} of ${seconds(most)}`;
      if (elapsed >= most) view.close("film");
    }, 100);
  }

  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  const answer = await view.closed;
  clearInterval(clock);
  if (recorder.state !== "inactive") {
    await new Promise((resolve) => {
      recorder.addEventListener("stop", resolve, { once: true });
      recorder.stop();
    });
  }
  view.end();
  return answer === "film" && parts.length ? new File(parts, `clip.${type.split("/")[1]}`, { type }) : null;
}

const facing = (side) => ({ facingMode: "environment", width: { ideal: side } });

/** A dialog with what the camera sees: `closed` is told how, by `close` or the person; `end` takes all away. */
async function opened(words, wanted, buttons) {
  const stream = await given(wanted);
  const video = make("video", { autoplay: true, playsinline: true, "aria-label": "What the camera sees" });
  video.muted = true;
  video.srcObject = stream;
  const title = newId("camera");
  const dialog = make(
    "dialog",
    { class: "camera", "aria-labelledby": title },
    make("h2", { id: title }, words),
    video,
    make("div", { class: "row" }, buttons, button("Cancel", () => dialog.close(""))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return {
    stream,
    video,
    close: (answer) => dialog.close(answer),
    closed: new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    }),
    end() {
      stream.getTracks().forEach((track) => track.stop());
      dialog.remove();
    },
  };
}

/** The camera without sound where there is no microphone. */
async function given(wanted) {
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    if (!wanted.audio || error.name !== "NotFoundError") throw error;
    return navigator.mediaDevices.getUserMedia({ video: wanted.video });
  }
}

async function frame(video, type) {
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = make("canvas", { width: video.videoWidth * scale, height: video.videoHeight * scale });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
  return new File([blob], `photo.${type.split("/")[1]}`, { type });
}
