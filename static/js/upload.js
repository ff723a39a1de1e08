// Sends `form[data-upload]` with a progress bar. The server needs to know nothing of it: it answers a redirect, or the
// same page with what is wrong.
import { watchDropzones } from "./dropzone.js";

/** Watch every upload form under `root`. */
export function watchUploads(root) {
  for (const form of root.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!form.dataset.sending) send(form);
    });
    proposeTitle(form.elements.period, form.elements.title);
  }
}

// The title follows the month until somebody writes another one. The server gives the same title to an empty field.
function proposeTitle(period, title) {
  const titleOf = () => {
    const month = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(period.value);
    const name = new Intl.DateTimeFormat(document.documentElement.lang, { month: "long", year: "numeric" });
    return month ? title.dataset.titleOf.replace("(month)", name.format(new Date(month[1], month[2] - 1, 15))) : "";
  };
  let proposed = titleOf();
  period.addEventListener("input", () => {
    const following = title.value === "" || title.value === proposed;
    proposed = titleOf();
    if (following) title.value = proposed;
  });
}

function send(form) {
  const state = form.querySelector("[data-upload-state]");
  const bar = form.querySelector("[data-upload-bar]");
  const text = form.querySelector("[data-upload-text]");
  const failure = form.querySelector("[data-upload-error]");
  const request = new XMLHttpRequest();
  const finish = () => { delete form.dataset.sending; state.hidden = true; };
  const fail = (why) => { finish(); failure.textContent = why; failure.hidden = false; };
  const lost = () => fail(form.dataset.failed);

  if (totalSize(form) > Number(form.dataset.maxBytes)) return fail(form.dataset.tooLarge);
  form.dataset.sending = "1";
  failure.hidden = true;
  state.hidden = false;
  text.textContent = form.dataset.uploading;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = Math.floor((event.loaded / event.total) * 100);
    if (event.loaded === event.total) {
      bar.removeAttribute("value");
      text.textContent = form.dataset.checking;
    }
  });
  request.addEventListener("error", lost);
  request.addEventListener("abort", lost);
  request.addEventListener("load", () => {
    const content = request.response?.querySelector("#content");
    if (request.status < 400 && new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
      window.location.assign(request.responseURL);
    } else if (content) {
      finish();
      showAnswer(content);
    } else {
      fail(request.response?.querySelector("[data-failure]")?.textContent ?? form.dataset.failed);
    }
  });
  request.open("POST", form.action);
  // Parsed by the request itself: no HTML passes through script, so Trusted Types have nothing to object to.
  request.responseType = "document";
  request.send(textsFirst(form));
}

function totalSize(form) {
  return [...form.querySelectorAll('input[type="file"]')].flatMap((input) => [...input.files]).reduce((sum, file) => sum + file.size, 0);
}

// Whatever stops the files, the server has read the texts by then and can show them again.
function textsFirst(form) {
  const entries = [...new FormData(form)];
  const ordered = new FormData();
  for (const [name, value] of entries) if (typeof value === "string") ordered.append(name, value);
  for (const [name, value] of entries) if (typeof value !== "string") ordered.append(name, value);
  return ordered;
}

// The new page has empty file fields: what was chosen goes on, so that nobody has to look for the files again, and the
// page says so.
function keepFiles(chosen, fresh) {
  const kept = [...chosen.values()].some((files) => files.length > 0);
  for (const sentence of fresh.querySelectorAll("[data-kept]")) sentence.hidden = !kept;
  for (const input of fresh.querySelectorAll('input[type="file"]')) {
    const files = chosen.get(input.name) ?? [];
    if (files.length === 0) continue;
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event("change"));
  }
}

function showAnswer(content) {
  const fresh = document.adoptNode(content);
  const old = document.getElementById("content");
  const chosen = new Map([...old.querySelectorAll('input[type="file"]')].map((input) => [input.name, [...input.files]]));
  old.replaceWith(fresh);
  watchDropzones(fresh);
  keepFiles(chosen, fresh);
  watchUploads(fresh);
  const alert = fresh.querySelector('[role="alert"]:not([hidden]), [aria-invalid="true"]');
  alert?.scrollIntoView({ block: "center" });
  fresh.focus({ preventScroll: true });
}
