// Makes or shows a passkey (Web Authentication) and sends the browser's answer with the page's own form.
// The form is hidden until this script runs: without it, or where the browser has none, a code is the way.
function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function read(asked) {
  const options = { ...asked, challenge: bytes(asked.challenge) };
  if (asked.user) options.user = { ...asked.user, id: bytes(asked.user.id) };
  for (const list of ["excludeCredentials", "allowCredentials"])
    if (asked[list]) options[list] = asked[list].map((one) => ({ ...one, id: bytes(one.id) }));
  return options;
}

function told(made) {
  const response = { clientDataJSON: text(made.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"])
    if (made.response[part]) response[part] = text(made.response[part]);
  return { id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} };
}

const form = document.querySelector("[data-passkey]");
if (form && window.PublicKeyCredential) {
  form.hidden = false;
  for (const hint of document.querySelectorAll("[data-no-passkey]")) hint.hidden = true;
  form.addEventListener("submit", async (event) => {
    if (form.elements.answer.value) return;
    event.preventDefault();
    const publicKey = read(JSON.parse(form.dataset.passkey));
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      const made = await (publicKey.user
        ? navigator.credentials.create({ publicKey })
        : navigator.credentials.get({ publicKey }));
      form.elements.answer.value = JSON.stringify(told(made));
      form.requestSubmit();
    } catch {
      failed.hidden = false; // refused, timed out, or no passkey at hand
    }
  });
}
