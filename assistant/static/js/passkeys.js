// Passkeys: what the server asks goes to the browser's authenticators, and their answer into the form. Forms that need one
// are shown where the browser has them; the password and the code work without a script.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0)).buffer;

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

function asked(options) {
  const key = structuredClone(options.publicKey);
  key.challenge = bytes(key.challenge);
  if (key.user) key.user.id = bytes(key.user.id);
  for (const one of [...(key.excludeCredentials ?? []), ...(key.allowCredentials ?? [])]) one.id = bytes(one.id);
  return { publicKey: key };
}

function told(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = text(credential.response[name]);
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
  });
}

async function options(form) {
  const given = form.dataset.passkeyCreate || form.dataset.passkeyGet;
  if (given) return JSON.parse(given);
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  const response = await fetch(form.dataset.passkeyAsked, { method: "POST", headers });
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}

async function use(form) {
  const is_new = "passkeyCreate" in form.dataset;
  try {
    const what = asked(await options(form));
    const credential = is_new ? await navigator.credentials.create(what) : await navigator.credentials.get(what);
    (form.querySelector("[data-passkey-answer]") ?? form.elements.answer).value = told(credential);
    form.submit();
  } catch {
    form.querySelector("[data-passkey-fault]").hidden = false;
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("[data-passkey-get]")) form.hidden = false;
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-passkey-get], [data-passkey-create]")) return;
  event.preventDefault();
  use(event.target);
});
