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
  }
}

function send(form) {
  const state = form.querySelector("[data-upload-state]");
  const bar = form.querySelector("[data-upload-bar]");
  const text = form.querySelector("[data-upload-text]");
  const failure = form.querySelector("[data-upload-error]");
  const request = new XMLHttpRequest();
  const finish = () => { delete form.dataset.sending; state.hidden = true; };
  const fail = () => { finish(); failure.hidden = false; };

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
  request.addEventListener("error", fail);
  request.addEventListener("abort", fail);
  request.addEventListener("load", () => {
    const content = request.response?.querySelector("#content");
    if (request.status < 400 && new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
      window.location.assign(request.responseURL);
    } else if (content) {
      finish();
      showAnswer(content);
    } else {
      fail();
    }
  });
  request.open("POST", form.action);
  // Parsed by the request itself: no HTML passes through script, so Trusted Types have nothing to object to.
  request.responseType = "document";
  request.send(new FormData(form));
}

function showAnswer(content) {
  const fresh = document.adoptNode(content);
  document.getElementById("content").replaceWith(fresh);
  watchDropzones(fresh);
  watchUploads(fresh);
  const alert = fresh.querySelector('[role="alert"]:not([hidden]), [aria-invalid="true"]');
  alert?.scrollIntoView({ block: "center" });
  fresh.focus({ preventScroll: true });
}
