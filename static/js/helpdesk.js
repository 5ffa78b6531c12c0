// The theme hides the page until its own script has run, so the browser cannot place the cursor by itself.
document.addEventListener("alpine:initialized", () => {
  requestAnimationFrame(() => document.querySelector("[autofocus]")?.focus());
});
