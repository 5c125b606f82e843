addEventListener("message", (said) => { // a page that is shut off can only tell how high it is
  const frame = [...document.querySelectorAll("iframe")].find((one) => one.contentWindow === said.source);
  if (frame && said.data.height > 0) frame.style.height = `${said.data.height}px`;
});
