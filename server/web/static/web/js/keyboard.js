// Keys for people who look through many violations. A key never does anything a link on the page could not: it finds
// the link marked with it (data-key) in the chosen row, or on the page, and follows it.
const CHOSEN = "mijian-row";
const help = document.getElementById("keys-dialog");
let going = false;

const rows = () => Array.from(document.querySelectorAll("[data-row]"));
const chosen = () => document.querySelector("[data-row][data-selected]");

function choose(row, { scroll = true } = {}) {
  for (const other of document.querySelectorAll("[data-row][data-selected]")) {
    delete other.dataset.selected;
    other.removeAttribute("aria-current");
  }
  if (!row) return;
  row.dataset.selected = "";
  row.setAttribute("aria-current", "true");
  const link = row.querySelector("[data-open]");
  if (link) link.focus({ preventScroll: true });
  if (scroll) row.scrollIntoView({ block: "nearest" });
  // After an action the row may be gone: the one that took its place is chosen then.
  sessionStorage.setItem(CHOSEN, JSON.stringify([location.pathname, row.id, rows().indexOf(row)]));
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const now = all.indexOf(chosen());
  choose(all[Math.min(all.length - 1, Math.max(0, now < 0 ? 0 : now + step))]);
}

function restore() {
  const [path, id, index] = JSON.parse(sessionStorage.getItem(CHOSEN) || "[]");
  if (path !== location.pathname) return;
  const all = rows();
  const row = all.find((one) => id && one.id === id) || all[Math.min(index, all.length - 1)];
  if (row) choose(row);
}

function follow(key) {
  const row = chosen();
  const link = (row || document).querySelector(`[data-key="${key}"]`);
  if (link) link.click();
  return Boolean(link);
}

function go(key) {
  const link = document.querySelector(`.rail [data-go="${key}"]`);
  if (link) link.click();
  return Boolean(link);
}

const KEYS = {
  j: () => (move(1), true),
  k: () => (move(-1), true),
  o: () => open(),
  Enter: () => open(),
  x: () => tick(),
  "/": () => focus("#search"),
  c: () => focus("[data-comment]"),
  "?": () => (help.showModal(), true),
  g: () => (going = true),
};

function tick() {
  const box = chosen()?.querySelector("[data-tick]");
  if (box) box.click();
  return Boolean(box);
}

function open() {
  const link = chosen()?.querySelector("[data-open]");
  if (link) link.click();
  return Boolean(link);
}

function focus(selector) {
  const field = document.querySelector(selector);
  if (!field) return false;
  field.focus();
  if (field.select) field.select();
  return true;
}

function isTyping(target) {
  // A tick box takes no letters: after ticking a row the keys go on working.
  if (target.tagName === "INPUT" && target.type === "checkbox") return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  // Enter on another link or button is that link's own.
  if (event.key === "Enter" && event.target.closest("a, button, summary") && !event.target.closest("[data-selected]")) return;
  if (going && event.key !== "g") {
    going = false;
    if (go(event.key)) event.preventDefault();
    return;
  }
  const act = KEYS[event.key] || (/^[a-z]$/.test(event.key) ? () => follow(event.key) : null);
  if (act && act()) event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !event.target.closest("a, button, input")) choose(row, { scroll: false });
});

document.addEventListener("htmx:afterSwap", () => sessionStorage.removeItem(CHOSEN));
restore();
