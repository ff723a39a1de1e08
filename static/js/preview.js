// The page images of the review, large: step from page to page, and zoom to read.
import { Zoom } from "./zoom.js";

const READABLE = 2.25; // What a tap zooms to: the small print of a payslip on a phone.

/** Make every `[data-preview]` under the document open the dialog. Without it, or without script, it is a plain link. */
export function watchPreviews() {
  const dialog = document.getElementById("preview");
  if (dialog?.showModal) new Preview(dialog);
}

class Preview {
  constructor(dialog) {
    this.dialog = dialog;
    this.box = dialog.querySelector("[data-preview-box]");
    this.image = dialog.querySelector("[data-preview-image]");
    this.zoom = new Zoom(this.box, this.image, (level) => this.layOut(level));
    this.watchOpening();
    this.watchImage();
    this.watchTools();
    this.watchKeys();
  }

  open(thumb) {
    this.opener = thumb;
    this.source = thumb.dataset.preview;
    this.pages = Number(thumb.dataset.pages);
    document.getElementById("preview-title").textContent = thumb.dataset.title;
    this.dialog.querySelector("[data-preview-steps]").hidden = this.pages === 1;
    this.dialog.showModal();
    this.show(1);
    this.box.focus();
  }

  show(wanted) {
    this.page = Math.min(Math.max(wanted, 1), this.pages);
    const label = this.dialog.dataset.pageLabel.replace("(page)", this.page).replace("(pages)", this.pages);
    const address = `${this.source}${this.page}.png`;
    // Never one person's page under another's name: what was there is hidden until the new one has come.
    this.image.classList.add("is-awaited");
    this.dialog.querySelector("[data-preview-failed]").hidden = true;
    this.image.alt = label;
    this.image.srcset = `${address} 1240w, ${address}?size=zoom 2400w`;
    this.image.src = address;
    this.zoom.set(1);
    this.box.scrollTo(0, 0);
    this.dialog.querySelector("[data-preview-count]").textContent = `${this.page} / ${this.pages}`;
    this.dialog.querySelector('[data-preview-step="-1"]').disabled = this.page === 1;
    this.dialog.querySelector('[data-preview-step="1"]').disabled = this.page === this.pages;
  }

  layOut(level) {
    const width = Math.round(this.box.clientWidth * level);
    this.image.style.width = `${width}px`;
    this.image.sizes = `${width}px`;
    this.image.classList.toggle("is-zoomed", level > 1);
    this.dialog.querySelector("[data-preview-level]").textContent = `${Math.round(level * 100)}\u00a0%`;
    this.dialog.querySelector('[data-preview-zoom="-1"]').disabled = this.zoom.smallest;
    this.dialog.querySelector('[data-preview-zoom="1"]').disabled = this.zoom.largest;
  }

  watchOpening() {
    document.addEventListener("click", (event) => {
      const thumb = event.target instanceof Element ? event.target.closest("[data-preview]") : null;
      if (!thumb || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.open(thumb);
    });
    // Not every browser gives the focus back to a link that was tapped.
    this.dialog.addEventListener("close", () => this.opener.focus({ preventScroll: true }));
    this.dialog.addEventListener("click", (event) => { if (event.target === this.dialog) this.dialog.close(); });
    window.addEventListener("resize", () => { if (this.dialog.open) this.zoom.set(this.zoom.level); });
  }

  watchImage() {
    this.image.addEventListener("load", () => this.image.classList.remove("is-awaited"));
    this.image.addEventListener("error", () => {
      // A very long page is not drawn large.
      if (this.image.srcset) this.image.srcset = "";
      else this.dialog.querySelector("[data-preview-failed]").hidden = false;
    });
    this.image.addEventListener("click", (event) => {
      this.zoom.around(this.zoom.smallest ? READABLE : 1, ...this.zoom.place(event));
    });
  }

  watchTools() {
    for (const button of this.dialog.querySelectorAll("[data-preview-step]")) {
      button.addEventListener("click", () => this.show(this.page + Number(button.dataset.previewStep)));
    }
    for (const button of this.dialog.querySelectorAll("[data-preview-zoom]")) {
      button.addEventListener("click", () => this.zoom.step(Number(button.dataset.previewZoom)));
    }
  }

  watchKeys() {
    const keys = {
      "+": () => this.zoom.step(1),
      "=": () => this.zoom.step(1),
      "-": () => this.zoom.step(-1),
      "0": () => this.zoom.set(1),
      // In a page that is wider than its box these two scroll.
      ArrowLeft: () => this.zoom.smallest && this.show(this.page - 1),
      ArrowRight: () => this.zoom.smallest && this.show(this.page + 1),
    };
    this.dialog.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (keys[event.key]() !== false) event.preventDefault();
    });
  }
}
