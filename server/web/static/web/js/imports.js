// Sealed files dropped on the Imports page: taken in a few at a time, each with its row. Without this the form works.
const BATCH_FILES = 20;
const BATCH_BYTES = 6 * 1024 * 1024;
const MOST = 500;

/** The files in groups that one request carries. */
function* batches(files) {
  let batch = [];
  let bytes = 0;
  for (const file of files) {
    if (batch.length && (batch.length === BATCH_FILES || bytes + file.size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(file);
    bytes += file.size;
  }
  if (batch.length) yield batch;
}

/** Send one group; the rows of the answer. */
async function send(form, batch) {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const file of batch) body.append("file", file, file.name);
  const answer = await fetch(form.action, { method: "POST", body, headers: { "Mijian-Rows": "1" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return answer.text();
}

/** A row for a file that no verdict came for, with what to do. */
function failedRow(place, name, verdict, remedy) {
  const row = place.insertRow();
  row.insertCell().textContent = name;
  row.insertCell().textContent = `× ${verdict}`;
  row.insertCell().textContent = remedy;
}

function enhance(zone) {
  const form = zone.querySelector("[data-take]");
  const shown = zone.querySelector("[data-taken]");
  const rows = zone.querySelector("[data-taken-rows]");
  const count = zone.querySelector("[data-taken-count]");
  if (!form || !shown || !rows || !count) return;
  let busy = false;

  async function takeAll(chosen) {
    const files = Array.from(chosen).slice(0, MOST);
    if (busy || !files.length) return;
    busy = true;
    shown.hidden = false;
    rows.replaceChildren();
    let done = 0;
    for (const batch of batches(files)) {
      try {
        rows.insertAdjacentHTML("beforeend", await send(form, batch));
      } catch {
        for (const file of batch) failedRow(rows, file.name, zone.dataset.failed, zone.dataset.again);
      }
      done += batch.length;
      count.textContent = `${done} / ${files.length}`;
    }
    for (const file of Array.from(chosen).slice(MOST)) failedRow(rows, file.name, zone.dataset.failed, zone.dataset.rest);
    form.reset();
    busy = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    takeAll(form.elements.file.files);
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("drop--over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("drop--over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("drop--over");
    takeAll(event.dataTransfer.files);
  });
}

for (const zone of document.querySelectorAll("[data-drop]")) enhance(zone);
