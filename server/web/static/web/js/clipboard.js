// Buttons that put a whole hash on the clipboard. They are hidden until this script runs.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain http the browser offers no clipboard: the old way still works.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function show() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  const word = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = word), 1200);
});

document.addEventListener("htmx:afterSwap", show);
show();
