// Passkeys: asks for a challenge by sending the page's own form, hands it to the browser, sends the answer with the form.
// Without this file nothing is lost: an app and recovery codes need no script.
"use strict";

const form = document.querySelector("form[data-passkey]");

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (each) => each.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function tell(words) {
  const told = form.querySelector("[data-told]");
  told.textContent = words;
  told.hidden = !words;
}

async function options() {
  const asked = new FormData(form);
  asked.set("act", "options");
  asked.delete("answer");
  const answer = await fetch(form.action, { method: "POST", body: asked, headers: { Accept: "application/json" } });
  const said = await answer.json();
  if (said.error) throw Object.assign(new Error("refused"), { words: said.error });
  said.challenge = bytes(said.challenge);
  for (const each of [...(said.allowCredentials || []), ...(said.excludeCredentials || [])]) each.id = bytes(each.id);
  if (said.user) said.user.id = bytes(said.user.id);
  return said;
}

async function ask() {
  const publicKey = await options();
  const made = form.dataset.passkey === "create"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
}

async function send(event) {
  if (form.elements.answer.value) return;
  event.preventDefault();
  tell("");
  if (form.elements.name && !form.elements.name.value.trim()) {
    form.elements.name.focus();
    return;
  }
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    form.elements.answer.value = await ask();
    form.submit();
  } catch (fault) {
    tell(fault.words || form.dataset.failed);
  } finally {
    button.disabled = false;
  }
}

if (form && window.PublicKeyCredential && navigator.credentials) {
  form.querySelector("[data-can]").hidden = false;
  form.querySelector("[data-cannot]").hidden = true;
  form.addEventListener("submit", send);
}
