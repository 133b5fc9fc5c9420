// A form with data-passkey="create" or "get" asks the address in data-options what to ask the
// device for, puts the device's answer into its field "credential", and is sent. What has
// data-passkey-only is shown only where the browser knows passkeys.
const CANCELLED = new Set(["AbortError", "NotAllowedError"]);
const SENTENCES = {
  InvalidStateError: "This device already has a passkey for you here.",
  SecurityError: "The browser allows no passkey under this address. Open Bowline by its name, with https://.",
};

function knowsPasskeys() {
  return Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON && navigator.credentials);
}

function say(form, text) {
  const said = form.querySelector("[data-passkey-said]");
  said.textContent = text;
  said.hidden = !text;
}

async function options(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    redirect: "manual",
  });
  if (answer.type === "opaqueredirect") location.reload(); // to be asked for the password first
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function answerOf(form) {
  const asked = await options(form);
  if (form.dataset.passkey === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    return navigator.credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  return navigator.credentials.get({ publicKey });
}

function why(error) {
  if (CANCELLED.has(error.name)) return "No passkey was used: the request was cancelled, or took too long.";
  return SENTENCES[error.name] ?? "Bowline didn't respond. Reload the page and try again.";
}

async function send(event) {
  const form = event.currentTarget;
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  say(form, "");
  try {
    form.elements.credential.value = JSON.stringify(await answerOf(form));
    form.submit();
  } catch (error) {
    say(form, why(error));
    button.disabled = false;
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", send);
}
for (const one of document.querySelectorAll("[data-passkey-only]")) one.hidden = !knowsPasskeys();
for (const one of document.querySelectorAll("[data-passkey-missing]")) one.hidden = knowsPasskeys();
