// The hash of a chosen file, computed here: the field has no name, so that the file itself is never sent.
const LARGEST = 512 * 1024 * 1024;

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

for (const form of document.querySelectorAll("[data-attach]")) {
  const choose = form.querySelector("[data-attach-choose]");
  // Browsers compute hashes on pages that came by https or from this computer only; elsewhere it is typed.
  if (!choose || !window.crypto?.subtle) continue;
  choose.hidden = false;
  choose.querySelector("input").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file || file.size > LARGEST) return;
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    form.elements.name.value = file.name;
    form.elements.sha256.value = hex(digest);
    form.elements.size.value = String(file.size);
  });
}
