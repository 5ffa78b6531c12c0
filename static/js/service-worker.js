// Keeps the parts of the site that are the same for everybody, the page shown without reception, and the pages
// that the server offers to keep for whoever is signed in. SETTINGS stands above: the server writes it.
const { version, shell, offline, signOut } = SETTINGS;
const SHELL = `shell-${version}`;
const KEPT = "kept";
const WHOSE = "/whose";
const SAVED_AT = "X-Saved-At";
const HOUR = 3600 * 1000;
const LONGEST = 14 * 24 * HOUR;
const PATIENCE = 4000;
const MOST = 20;
// How often somebody signed out since the worker woke: an answer asked for before that is never kept.
let signOuts = 0;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(shell)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOldShells().then(() => self.clients.claim()));
});

self.addEventListener("message", (event) => {
  if (typeof event.data?.keep === "string") event.waitUntil(keepAhead(event.data.keep, new Set()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin) return;
  if (request.method !== "GET") {
    if (address.pathname === signOut) {
      signOuts += 1;
      event.waitUntil(caches.delete(KEPT));
    }
  } else if (request.mode === "navigate") {
    event.respondWith(page(request));
  } else if (/^\/(static|brand)\//.test(address.pathname)) {
    event.respondWith(part(request));
  }
});

async function forgetOldShells() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL && name !== KEPT).map((name) => caches.delete(name)));
}

// A page comes from the network. What was kept of it is shown when the network fails or takes too long.
async function page(request) {
  const copy = await keptCopy(request.url);
  const since = signOuts;
  const answer = fetch(request).then(async (response) => {
    await settle(request.url, response, since);
    return response;
  });
  try {
    return await (copy ? Promise.race([answer, delay(PATIENCE)]) : answer);
  } catch {
    answer.catch(() => {});
    return (await keptCopy(request.url)) ?? (await caches.match(offline, { ignoreVary: true })) ?? Response.error();
  }
}

async function part(request) {
  const cache = await caches.open(SHELL);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch {
    return (await cache.match(request, { ignoreVary: true })) ?? Response.error();
  }
}

// Forgets everything when somebody else is signed in, or nobody; keeps the page when the server offers it.
async function settle(url, response, since) {
  if (since !== signOuts) return;
  if (response.type === "opaqueredirect" || response.redirected) {
    await (await caches.open(KEPT)).delete(url);
    return;
  }
  const visitor = response.headers.get("X-Visitor");
  if (visitor === null) return;
  let cache = await caches.open(KEPT);
  const before = await (await cache.match(WHOSE))?.text();
  if (before !== visitor) {
    await caches.delete(KEPT);
    cache = await caches.open(KEPT);
    await cache.put(WHOSE, new Response(visitor));
  }
  if (visitor === "nobody" || response.headers.get("X-Keep-Offline") !== "1" || !response.ok) {
    await cache.delete(url);
    return;
  }
  const headers = new Headers(response.headers);
  headers.set(SAVED_AT, String(Date.now()));
  const text = await response.clone().text();
  if (since === signOuts) await cache.put(url, new Response(text, { headers }));
}

async function keptCopy(url) {
  const cache = await caches.open(KEPT);
  const copy = await cache.match(url, { ignoreVary: true });
  if (!copy) return undefined;
  if (age(copy) > LONGEST) {
    await cache.delete(url);
    return undefined;
  }
  const text = (await copy.text()).replace('data-copy="live"', 'data-copy="saved"');
  return new Response(text, { headers: copy.headers });
}

// Fetches a page to be kept and those it links to with data-keep, unless they were kept within the hour.
async function keepAhead(address, seen) {
  const url = new URL(address, self.location.origin);
  if (url.origin !== self.location.origin || seen.size >= MOST || seen.has(url.href)) return;
  seen.add(url.href);
  const cache = await caches.open(KEPT);
  const copy = await cache.match(url.href, { ignoreVary: true });
  if (!copy || age(copy) > HOUR) {
    const since = signOuts;
    try {
      await settle(url.href, await fetch(url.href, { redirect: "manual" }), since);
    } catch {
      return;
    }
  }
  const kept = await (await caches.open(KEPT)).match(url.href, { ignoreVary: true });
  if (!kept) return;
  const text = await kept.text();
  for (const [, link] of text.matchAll(/(?:href|src)="(\/static\/[^"]+\.(?:css|js))"/g)) await keepPart(link);
  for (const [, link] of text.matchAll(/data-keep="(\/[^"]*)"/g)) await keepAhead(link, seen);
}

async function keepPart(link) {
  const cache = await caches.open(SHELL);
  if (!(await cache.match(link))) await cache.add(link).catch(() => {});
}

function age(copy) {
  return Date.now() - Number(copy.headers.get(SAVED_AT));
}

function delay(milliseconds) {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("too slow")), milliseconds));
}
