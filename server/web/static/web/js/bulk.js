// Ticked rows: how many there are, all of this page at once. Without this script every box is ticked by hand.
function count() {
  const told = document.querySelector("[data-tick-count]");
  if (!told) return;
  told.dataset.before ||= told.textContent;
  const number = document.querySelectorAll("[data-tick]:checked").length;
  told.textContent = number ? `${number} ${told.dataset.words}` : told.dataset.before;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick-all]")) {
    for (const box of document.querySelectorAll("[data-tick]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-tick], [data-tick-all]")) count();
});

document.addEventListener("htmx:afterSwap", count);
count();
