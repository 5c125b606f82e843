// A live picture of the camera, and a snap of it.

import { button, make, newId } from "./make.js";

const SIDE = 1600; // pixels; models look at far fewer, and a telephone's connection is slow

export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Asks for a photo. Gives a file, or null if the person changed their mind. */
export async function snap(type) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: SIDE } },
  });
  const video = make("video", { autoplay: true, playsinline: true, "aria-label": "What the camera sees" });
  video.muted = true;
  video.srcObject = stream;
  const title = newId("camera");
  const shutter = button("Take the photo", () => dialog.close("snap"), { class: "primary", disabled: true });
  const dialog = make(
    "dialog",
    { class: "camera", "aria-labelledby": title },
    make("h2", { id: title }, "Take a photo"),
    video,
    make("div", { class: "row" }, shutter, button("Cancel", () => dialog.close(""))),
  );
  video.addEventListener("loadeddata", () => {
    shutter.disabled = false;
    shutter.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  const file = dialog.returnValue === "snap" ? await frame(video, type) : null;
  stream.getTracks().forEach((track) => track.stop());
  dialog.remove();
  return file;
}

async function frame(video, type) {
  const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = make("canvas", { width: video.videoWidth * scale, height: video.videoHeight * scale });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
  return new File([blob], `photo.${type.split("/")[1]}`, { type });
}
