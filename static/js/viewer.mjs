// The document on the phone. Page 1 is already there as an image; this draws the real pages over it, sharp at every zoom
// and with text to select. Whatever fails here leaves the image and the download button as they are.
import { Zoom } from "./zoom.js";

const MAX_PIXELS = 16_000_000; // Safari draws nothing on a larger canvas.

const html = document.documentElement;
const viewer = document.getElementById("viewer");
const scroller = document.getElementById("scroller");
const pages = document.getElementById("pages");
const zoomTools = document.querySelector("[data-zoom]");
const count = document.querySelector("[data-count]");

const sheets = []; // one for each page: {element, page, width, height, near, drawnAt, task}
let zooming;
let zoom = 1;
let fit = 0;
let library;

/** A worker made from our own file only: the page's policy lets no other script address through. */
function startWorker(address) {
  const own = (given) => {
    const url = new URL(given, window.location.href);
    if (url.origin !== window.location.origin || !url.pathname.startsWith("/static/vendor/pdfjs/")) {
      throw new TypeError("not a worker of this viewer");
    }
    return url.href;
  };
  const policy = window.trustedTypes?.createPolicy("pli-viewer", { createScriptURL: own });
  return new Worker(policy ? policy.createScriptURL(address) : own(address), { type: "module" });
}

async function open() {
  await document.querySelector(".sheet img")?.decode().catch(() => undefined);
  library = await import(viewer.dataset.library);
  library.GlobalWorkerOptions.workerPort = startWorker(viewer.dataset.worker);
  const pdf = await library.getDocument({
    url: viewer.dataset.pdf,
    standardFontDataUrl: viewer.dataset.fonts,
    useSystemFonts: false,
    useWasm: false,
    enableXfa: false,
  }).promise;
  for (let number = 1; number <= pdf.numPages; number += 1) {
    const page = await pdf.getPage(number);
    addSheet(number, page);
  }
  document.querySelector("[data-fallback]").remove();
  watchPointers();
  zooming.set(1);
  watchVisibility();
  zoomTools.hidden = false;
}

function addSheet(number, page) {
  const { width, height } = page.getViewport({ scale: 1 });
  let element = pages.querySelector(`[data-page="${number}"]`);
  if (!element) {
    element = document.createElement("figure");
    element.className = "sheet";
    element.dataset.page = String(number);
    element.setAttribute("aria-label", viewer.dataset.pageLabel.replace("(page)", String(number)));
    pages.insertBefore(element, document.querySelector("[data-fallback]"));
  }
  element.style.aspectRatio = `${width} / ${height}`;
  sheets.push({ element, page, width, height, near: false, drawnAt: 0, task: null });
}

/** Size every page for a zoom. Pages keep what is drawn, stretched, until they are drawn again. */
function layOut(level) {
  zoom = level;
  fit = Math.min(scroller.clientWidth - 24, 896);
  pages.style.setProperty("--fit", `${fit}px`);
  pages.style.setProperty("--zoom", String(zoom));
  for (const sheet of sheets) {
    sheet.element.style.setProperty("--total-scale-factor", String((fit * zoom) / sheet.width));
  }
  const shown = Math.round(zoom * 100);
  document.querySelector("[data-zoom-label]").textContent = `${shown}\u00a0%`;
  document.querySelector('[data-zoom-by="-1"]').disabled = zooming.smallest;
  document.querySelector('[data-zoom-by="1"]').disabled = zooming.largest;
  html.dataset.zoom = String(shown);
  drawNear();
}

function drawNear() {
  for (const sheet of sheets) {
    if (sheet.near && sheet.drawnAt !== fit * zoom) draw(sheet).catch(reportEnd);
  }
}

async function draw(sheet) {
  const width = fit * zoom;
  sheet.drawnAt = width;
  sheet.task?.cancel();
  const cssScale = width / sheet.width;
  const room = Math.sqrt(MAX_PIXELS / (sheet.width * sheet.height));
  const viewport = sheet.page.getViewport({ scale: Math.min(cssScale * (window.devicePixelRatio || 1), room) });
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(viewport.width);
  canvas.height = Math.floor(viewport.height);
  canvas.setAttribute("aria-hidden", "true");
  const task = sheet.page.render({ canvas, viewport });
  sheet.task = task;
  try {
    await task.promise;
  } catch (error) {
    if (error?.name === "RenderingCancelledException") return;
    throw error;
  }
  sheet.task = null;
  if (!sheet.near || sheet.drawnAt !== width) return;
  sheet.element.querySelector("canvas")?.remove();
  sheet.element.prepend(canvas);
  sheet.element.querySelector("img")?.remove();
  await addText(sheet);
  html.dataset.viewer = "ready";
}

async function addText(sheet) {
  if (sheet.element.querySelector(".text")) return;
  const layer = document.createElement("div");
  layer.className = "text";
  sheet.element.append(layer);
  const viewport = sheet.page.getViewport({ scale: (fit * zoom) / sheet.width });
  await new library.TextLayer({ textContentSource: sheet.page.streamTextContent(), container: layer, viewport }).render();
  // The hidden caption said the same: a screen reader should hear the page once.
  if (layer.textContent.trim()) sheet.element.querySelector("figcaption")?.remove();
}

/** Give the memory of far pages back; phones with little of it would reload the tab. */
function forget(sheet) {
  sheet.task?.cancel();
  sheet.drawnAt = 0;
  const canvas = sheet.element.querySelector("canvas");
  if (!canvas) return;
  canvas.width = 0;
  canvas.remove();
  sheet.element.querySelector(".text")?.remove();
}

function watchVisibility() {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const sheet = sheets.find((one) => one.element === entry.target);
      sheet.near = entry.isIntersecting;
      if (!sheet.near) forget(sheet);
    }
    drawNear();
  }, { root: scroller, rootMargin: "150% 0px" });
  for (const sheet of sheets) near.observe(sheet.element);

  scroller.addEventListener("scroll", showCount, { passive: true });
  let timer = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => layOut(zoom), 150);
  });
  showCount();
}

function showCount() {
  const middle = scroller.scrollTop + scroller.clientHeight / 3;
  const current = sheets.filter((sheet) => sheet.element.offsetTop <= middle).length || 1;
  count.textContent = `${current} / ${sheets.length}`;
}

function watchPointers() {
  zooming = new Zoom(scroller, pages, layOut);
  for (const button of document.querySelectorAll("[data-zoom-by]")) {
    button.addEventListener("click", () => zooming.step(Number(button.dataset.zoomBy)));
  }
}

/** The file could not be read. After the session's end the server refuses it: say so, the image alone would not. */
function reportEnd(error) {
  if (html.dataset.viewer !== "ready") html.dataset.viewer = "failed";
  if ([401, 403, 404, 410].includes(error?.status)) document.querySelector("[data-ended]").hidden = false;
}

/** A phone often says nothing of a download: say where the file goes. */
function watchSaving() {
  const saving = document.querySelector("[data-saving]");
  let timer = 0;
  document.querySelector(".save").addEventListener("click", () => {
    saving.hidden = false;
    window.clearTimeout(timer);
    timer = window.setTimeout(() => { saving.hidden = true; }, 8000);
  });
}

watchSaving();
open().catch(reportEnd);
