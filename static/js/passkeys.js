// Passkeys: made, used to sign in, and used to prove who one is. Each form works by posting what the device answers.

const toBytes = (text) => {
  const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
};

const toText = (buffer) => {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const withIds = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));

const answerOf = (credential) => {
  const { response } = credential;
  const answer = {
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: toText(response.clientDataJSON) },
  };
  if (response.attestationObject) {
    answer.response.attestationObject = toText(response.attestationObject);
    answer.response.transports = response.getTransports ? response.getTransports() : [];
  } else {
    answer.response.authenticatorData = toText(response.authenticatorData);
    answer.response.signature = toText(response.signature);
    answer.response.userHandle = response.userHandle ? toText(response.userHandle) : null;
  }
  return answer;
};

const make = ({ publicKey }) =>
  navigator.credentials.create({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: withIds(publicKey.excludeCredentials),
    },
  });

const use = ({ publicKey }, more = {}) =>
  navigator.credentials.get({
    ...more,
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: withIds(publicKey.allowCredentials),
    },
  });

const optionsFor = async (form) => {
  const written = document.getElementById(form.dataset.options || "");
  if (written) return JSON.parse(written.textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options;
};

const send = (form, credential) => {
  form.elements.credential.value = JSON.stringify(answerOf(credential));
  form.submit();
};

// While the page waits for a passkey chosen in the address field, this ends the waiting.
let waiting = null;

const offerInField = async (form) => {
  const can = window.PublicKeyCredential.isConditionalMediationAvailable;
  if (!can || !(await can.call(window.PublicKeyCredential))) return;
  waiting = new AbortController();
  try {
    send(form, await use(await optionsFor(form), { mediation: "conditional", signal: waiting.signal }));
  } catch {
    // Nobody chose a passkey there; the page has other ways in.
  }
};

const prepare = (form) => {
  const start = form.querySelector("[data-passkey-start]");
  const trouble = form.querySelector("[data-passkey-trouble]");
  form.hidden = false;
  start.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (waiting) waiting.abort();
    trouble.hidden = true;
    start.disabled = true;
    try {
      const options = await optionsFor(form);
      send(form, await (form.dataset.passkey === "create" ? make(options) : use(options)));
    } catch {
      trouble.hidden = false;
      start.disabled = false;
      start.focus();
    }
  });
  if (form.dataset.passkey === "sign-in") offerInField(form);
};

if (window.PublicKeyCredential) document.querySelectorAll("form[data-passkey]").forEach(prepare);
