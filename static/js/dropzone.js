// File fields that take dropped files, list what was chosen and let one be removed. The field stays the truth:
// what it holds is what the form sends.

/** Make every `[data-drop]` under `root` take files. */
export function watchDropzones(root) {
  for (const drop of root.querySelectorAll("[data-drop]")) watch(drop);
}

function watch(drop) {
  const input = drop.querySelector('input[type="file"]');
  const zone = drop.querySelector(".drop__zone");
  let chosen = [];

  const show = (files, refused) => {
    chosen = files;
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    list(drop, files, (file) => show(chosen.filter((other) => other !== file), []));
    const error = drop.querySelector("[data-drop-error]");
    error.hidden = refused.length === 0;
    error.textContent = refused.length ? `${drop.dataset.wrongKind} ${refused.map((file) => file.name).join(", ")}` : "";
  };

  const take = (files) => {
    const fits = files.filter((file) => accepted(input, file));
    const refused = files.filter((file) => !fits.includes(file));
    const fresh = fits.filter((file) => !chosen.some((other) => same(other, file)));
    show(input.multiple ? [...chosen, ...fresh] : fits.length ? fits.slice(-1) : chosen, refused);
  };

  input.addEventListener("change", () => take([...input.files]));
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("is-over"); });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    take([...event.dataTransfer.files]);
  });
}

function same(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function accepted(input, file) {
  const endings = input.accept.split(",").filter((kind) => kind.startsWith("."));
  return endings.some((ending) => file.name.toLowerCase().endsWith(ending));
}

function list(drop, files, remove) {
  const items = drop.querySelector("[data-drop-files]");
  items.hidden = files.length === 0;
  items.replaceChildren(...files.map((file) => item(drop, file, remove)));
}

function item(drop, file, remove) {
  const line = document.createElement("li");
  const mark = drop.querySelector(".drop__zone > .icon").cloneNode(true);
  const name = Object.assign(document.createElement("span"), { className: "name", textContent: file.name, title: file.name });
  const amount = size(file.size, drop.dataset.sizeUnits.split(" "));
  const weight = Object.assign(document.createElement("span"), { className: "small muted num", textContent: amount });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
  button.setAttribute("aria-label", `${drop.dataset.remove} ${file.name}`);
  button.addEventListener("click", () => remove(file));
  line.append(mark, name, weight, button);
  return line;
}

function size(bytes, units) {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) { amount /= 1000; unit += 1; }
  const digits = amount < 10 && unit > 0 ? 1 : 0;
  return `${amount.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits })}\u00a0${units[unit]}`;
}
