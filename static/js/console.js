// What console pages do beyond links and forms. Everything here has a way without script.
// No innerHTML anywhere: the pages require Trusted Types and allow htmx's policy only.
import { watchDropzones } from "./dropzone.js";
import { watchPreviews } from "./preview.js";
import { watchUploads } from "./upload.js";

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  const menu = target.closest("[data-menu]");
  if (menu) menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") !== "true"));
  target.closest("[data-dismiss]")?.closest(".notice")?.remove();
  target.closest("[data-close]")?.closest("dialog")?.close();
});

// Good news leaves by itself, but not while somebody is at it; an error stays until it is dismissed.
const PASSING = 6000;

for (const notice of document.querySelectorAll(".toasts [data-passing]")) {
  let timer = 0;
  const leave = () => { timer = window.setTimeout(() => notice.remove(), PASSING); };
  const stay = () => window.clearTimeout(timer);
  const over = () => { stay(); if (!notice.matches(":hover, :focus-within")) leave(); };
  for (const kind of ["pointerenter", "focusin"]) notice.addEventListener(kind, stay);
  notice.addEventListener("pointerleave", over);
  notice.addEventListener("focusout", () => window.setTimeout(over));
  leave();
}

// A file that changes what its page says: fetched, saved, then the page is asked for again.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-download]")) return;
  event.preventDefault();
  if (form.dataset.sent) return;
  form.dataset.sent = "1";
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    // A session that ended answers with the login.
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") || "")?.[1] || "";
    link.click();
    window.setTimeout(() => window.location.reload(), 500);
  } catch {
    // The page that an ordinary form would lead to says what is wrong.
    form.submit();
  }
});

// A form that is sent twice would answer with a conflict: the second click is dropped.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  // A form that answers a file leaves the page as it is: after a while it may be sent again.
  window.setTimeout(() => { delete form.dataset.sent; }, 4000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Whoever works through the review finds the row, or the one that took its place, where she left it on the screen.
const HEIGHT = "pli-row-height";

document.addEventListener("submit", (event) => {
  const row = event.target.closest(".slip");
  if (row) window.sessionStorage.setItem(HEIGHT, String(row.getBoundingClientRect().top));
});
window.addEventListener("load", () => {
  const height = window.sessionStorage.getItem(HEIGHT);
  window.sessionStorage.removeItem(HEIGHT);
  const row = document.getElementById(window.location.hash.slice(1))?.closest(".review-list .slip");
  // The browser has put the row at the top; one whose head was out of sight is left there.
  const up = row ? row.getBoundingClientRect().top - Number(height) : 0;
  if (height !== null && up < 0) window.scrollBy(0, up);
});

// Live parts come by server-sent events. Some company proxies hold a stream back until it ends: when nothing has come
// for a while, the page asks for itself instead.
const POLL_EVERY = 8000;
const SILENCE = 20000;

function watchLive(live) {
  let heard = performance.now();
  live.addEventListener("htmx:sse:after:message", () => { heard = performance.now(); });
  live.addEventListener("done", () => window.location.assign(live.dataset.live));
  window.setInterval(() => {
    if (document.hidden || performance.now() - heard < SILENCE) return;
    window.htmx.ajax("GET", window.location.href, { target: `#${live.id}`, select: `#${live.id} > *`, swap: "innerMorph" });
  }, POLL_EVERY);
}

for (const live of document.querySelectorAll("[data-live]")) watchLive(live);
watchDropzones(document);
watchPreviews();
watchUploads(document);
