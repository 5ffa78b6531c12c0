// Starts the worker that keeps the wallet for places without reception. Every page works without this file.
const { worker, keep } = document.documentElement.dataset;

if (worker && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(worker).catch(() => {});
  if (keep) navigator.serviceWorker.ready.then(({ active }) => active.postMessage({ keep }));
}
