// Keeps the screen on while a gift card is shown at the till. Without it everything works; the screen may dim.
const keepOn = () => navigator.wakeLock?.request("screen").catch(() => {});

keepOn();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") keepOn();
});
