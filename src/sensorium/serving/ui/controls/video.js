import { film, filmSeconds, filmType } from "../camera.js";
import { chooser } from "../files.js";
import { button, make } from "../make.js";
import { format, listed, megabytes, readable } from "../words.js";
import { slot } from "./slot.js";

export function video(about) {
  const { input, name, say } = about;
  const type = filmType(input.media_types);
  const limit = input.settings.seconds ? `The first ${input.settings.seconds} s count. ` : "";

  let isOpen = false;

  async function shoot() {
    if (isOpen) return;
    isOpen = true;
    try {
      const file = await film(type, Math.min(input.settings.seconds ?? Infinity, filmSeconds(input.max_bytes)));
      if (file) place.take(file);
    } catch (error) {
      say(
        error.name === "NotAllowedError"
          ? "Camera or microphone were not allowed. Allow them in the browser, or choose a file."
          : "No camera can be used. Choose a file instead.",
      );
    }
    isOpen = false;
  }

  const ways = [
    make("p", { class: "invite" }, type ? "Record or drop a clip" : "Drop a clip"),
    make(
      "div",
      { class: "row" },
      type && button("Record", shoot, { class: "record" }),
      chooser("Choose", input, (file) => place.take(file)),
    ),
    make("p", { class: "hint" }, `${limit}${listed(input.media_types.map(format))}, up to ${megabytes(input.max_bytes)}`),
  ];
  const place = slot(about, ways, (file) => preview(file, readable(name)));
  return place;
}

function preview(file, name) {
  const address = URL.createObjectURL(file);
  const clip = make("video", { src: address, controls: true, playsinline: true, "aria-label": `The clip given as ${name}` });
  const element = make("div", { class: "picture" }, clip);
  // A GIF is a picture to browsers; AVI, for one, the service reads and few browsers play.
  clip.addEventListener("error", () => {
    const picture = make("img", { src: address, alt: `The clip given as ${name}` });
    picture.addEventListener("error", () => {
      element.replaceChildren(make("p", { class: "hint" }, "This browser cannot play the clip; the service may still read it."));
    });
    element.replaceChildren(picture);
  });
  return {
    element,
    close: () => {
      clip.pause();
      URL.revokeObjectURL(address);
    },
  };
}
