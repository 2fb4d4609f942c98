// Forms of filters: no button is needed where a change is sent at once, and empty fields stay out of the address.
for (const form of document.querySelectorAll("[data-filters]")) {
  for (const button of form.querySelectorAll("[data-apply]")) button.hidden = true;
}

document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("[data-filters]")) return;
  const filled = event.detail.formData || event.detail.parameters;
  for (const [name, value] of Array.from(filled.entries())) {
    if (value === "") filled.delete(name);
  }
});
