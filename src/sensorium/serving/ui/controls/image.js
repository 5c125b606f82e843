import { hasCamera, snap } from "../camera.js";
import { chooser } from "../files.js";
import { button, make } from "../make.js";
import { format, listed, megabytes, readable } from "../words.js";
import { slot } from "./slot.js";

export function image(about) {
  const { input, name, say } = about;
  const photo = input.media_types.includes("image/jpeg") ? "image/jpeg" : "image/png";

  let isOpen = false;

  async function shoot() {
    if (isOpen) return;
    isOpen = true;
    try {
      const file = await snap(photo);
      if (file) place.take(file);
    } catch (error) {
      say(
        error.name === "NotAllowedError"
          ? "The camera was not allowed. Allow it in the browser, or choose a file."
          : "No camera can be used. Choose a file instead.",
      );
    }
    isOpen = false;
  }

  const ways = [
    make("p", { class: "invite" }, "Drop or paste a picture"),
    make(
      "div",
      { class: "row" },
      chooser("Choose", input, (file) => place.take(file)),
      // Where pages may not see the camera, a telephone's own camera app may be asked.
      hasCamera()
        ? button("Take a photo", shoot)
        : chooser("Take a photo", input, (file) => place.take(file), { capture: "environment" }),
    ),
    make("p", { class: "hint" }, `${listed(input.media_types.map(format))}, up to ${megabytes(input.max_bytes)}`),
  ];
  const place = slot(about, ways, (file) => preview(file, readable(name)));
  return place;
}

function preview(file, name) {
  const address = URL.createObjectURL(file);
  const picture = make("img", { src: address, alt: `The picture given as ${name}` });
  const element = make("div", { class: "picture" }, picture);
  // TIFF, for one: the service reads it, few browsers show it.
  picture.addEventListener("error", () => {
    element.replaceChildren(make("p", { class: "hint" }, "This browser cannot show the picture; the service may still read it."));
  });
  return { element, close: () => URL.revokeObjectURL(address) };
}

export function thumbnail(file) {
  const address = URL.createObjectURL(file);
  const release = () => URL.revokeObjectURL(address);
  return make("img", { src: address, alt: "", load: release, error: release });
}
