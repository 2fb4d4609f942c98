// Links marked data-dialog open their page's form (#action) in the dialog of this page. Without this script, or when
// anything goes wrong, the link simply leads to that page.
const dialog = document.getElementById("action-dialog");
const title = document.getElementById("action-dialog-title");
const body = document.getElementById("action-dialog-body");

async function open(link) {
  const address = new URL(link.href);
  // On a list the form leads back to the list; on a violation's own page it leads back there by itself.
  if (link.closest("[data-row]")) {
    address.searchParams.set("next", location.pathname + location.search);
  }
  const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = page.getElementById("action");
  if (!form) throw new Error("no form");
  title.textContent = form.dataset.title;
  body.replaceChildren(document.adoptNode(form));
  dialog.showModal();
  const first = body.querySelector("[autofocus]") || body.querySelector("select, textarea, input:not([type=hidden])");
  if (first) first.focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link).catch(() => location.assign(link.href));
});

dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
  if (event.target.closest("[data-cancel]")) {
    event.preventDefault();
    dialog.close();
  }
});

// Enter in a choice or a person sends the form; in the text area it takes Ctrl, as a line may have to be broken.
dialog.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.form || event.target.form.method === "dialog") return;
  const many = event.target.tagName === "TEXTAREA";
  if (event.target.tagName === "BUTTON" || (many && !event.ctrlKey && !event.metaKey)) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
