// Zoom of pages inside a box that scrolls: by buttons, by the wheel with Ctrl, and by two fingers. Shared by the document
// on a phone and by the page images of the review.

const LARGEST = 4;
const STEP = 1.25;

export class Zoom {
  level = 1;

  /** `scroller` scrolls `pages`; `layOut(level)` sizes them, where 1 is the width of the box. */
  constructor(scroller, pages, layOut) {
    this.scroller = scroller;
    this.pages = pages;
    this.layOut = layOut;
    scroller.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.around(this.level * Math.exp(-event.deltaY / 300), ...this.place(event));
    }, { passive: false });
    this.watchPinch();
  }

  get smallest() { return this.level <= 1; }
  get largest() { return this.level >= LARGEST; }

  set(wanted) {
    this.level = clamped(wanted);
    this.layOut(this.level);
  }

  /** Zoom while the point (x, y) of the box stays where it is. */
  around(wanted, x, y) {
    const before = this.level;
    const left = this.scroller.scrollLeft + x;
    const top = this.scroller.scrollTop + y;
    this.set(wanted);
    const ratio = this.level / before;
    this.scroller.scrollLeft = left * ratio - x;
    this.scroller.scrollTop = top * ratio - y;
  }

  /** One step larger (1) or smaller (-1), around the middle. */
  step(direction) {
    this.around(this.level * STEP ** direction, this.scroller.clientWidth / 2, this.scroller.clientHeight / 2);
  }

  /** Where something happened, within the box. */
  place({ clientX, clientY }) {
    const box = this.scroller.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  /** While two fingers move the pages are only stretched; they are laid out and drawn once, at the end. */
  watchPinch() {
    let pinch = null;
    const { scroller, pages } = this;

    scroller.addEventListener("touchstart", (event) => {
      if (event.touches.length !== 2) return;
      event.preventDefault();
      const [one, other] = event.touches;
      const [x, y] = this.place({ clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2 });
      pinch = { span: span(event.touches), x, y, factor: 1 };
      pages.style.transformOrigin = `${scroller.scrollLeft + x}px ${scroller.scrollTop + y}px`;
    }, { passive: false });

    scroller.addEventListener("touchmove", (event) => {
      if (!pinch || event.touches.length !== 2) return;
      event.preventDefault();
      pinch.factor = clamped(this.level * (span(event.touches) / pinch.span)) / this.level;
      pages.style.transform = `scale(${pinch.factor})`;
    }, { passive: false });

    const end = (event) => {
      if (!pinch || event.touches.length >= 2) return;
      const { factor, x, y } = pinch;
      pinch = null;
      pages.style.transform = "";
      this.around(this.level * factor, x, y);
    };
    scroller.addEventListener("touchend", end);
    scroller.addEventListener("touchcancel", end);
  }
}

function clamped(wanted) {
  // Rounded, so that as many steps back as forth end at 1.
  return Math.min(Math.max(Math.round(wanted * 1000) / 1000, 1), LARGEST);
}

function span(touches) {
  return Math.hypot(touches[0].clientX - touches[1].clientX, touches[0].clientY - touches[1].clientY);
}
