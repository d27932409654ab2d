// Small helpers for elements. Nothing here knows what the page shows.

/** Inks of the classes; a single output goes from the first to the second. */
export const CLASS_INKS = [1, 0, 2, 3, 4, 5, 6, 7, 8, 9].map((each) => `--series-${each}`);

/**
 * The element with this id.
 * @param {string} id
 * @returns {any}
 */
export const $ = (id) => document.getElementById(id);

/**
 * A new element. Attributes that are functions become listeners, `false` and `null` leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** A mark of a legend. @param {string} [ink] name of its colour */
export function swatch(kind, ink) {
  const mark = h("span", { class: `swatch ${kind}`, "aria-hidden": "true" });
  if (ink) mark.style.color = `var(${ink})`;
  return mark;
}

/** The mark of a class: a disc, of the sixth and later ones a square. @param {number} size half of it */
export function mark(pen, label, x, y, size) {
  pen.beginPath();
  if (label > 4) pen.rect(x - size, y - size, 2 * size, 2 * size);
  else pen.arc(x, y, size, 0, 7);
}

/** What `patient` puts off. @type {Set<() => void>} */
const putOff = new Set();
addEventListener("click", () => putOff.forEach((run) => run()), true); // a click means what is seen then

/** A function that runs only when it has not been called for a while. @param {(...given: any[]) => void} run @param {number} wait milliseconds */
export function patient(run, wait) {
  let timer = 0;
  let due = () => {};
  return (...given) => {
    clearTimeout(timer);
    putOff.delete(due);
    putOff.add((due = () => [clearTimeout(timer), putOff.delete(due), run(...given)]));
    timer = window.setTimeout(due, wait);
  };
}

/** The colour of a CSS variable, as the page has it now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A colour as red, green, blue of 0 to 255. @param {string} name of a CSS variable */
export function channels(name) {
  return [1, 3, 5].map((at) => parseInt(colour(name).slice(at, at + 2), 16)); // the style sheet writes all six digits
}

/** So much of an ink on a paper. @param {number} far from 0 to 1 */
export const mix = (paper, ink, far) => paper.map((each, part) => each * (1 - far) + ink[part] * far);

/** The largest size among values. */
export const largest = (values) => values.reduce((found, each) => Math.max(found, Math.abs(each)), 1e-9);

/** Paint a small canvas cell by cell, row by row from the lowest up. @param {(cell: number) => number[]} ink red, green and blue */
export function tiled(tile, side, ink) {
  tile.width = tile.height = side;
  const pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
  const pixels = pen.createImageData(side, side);
  for (let at = 0; at < side * side; at++) pixels.data.set([...ink(at), 255], 4 * ((side - 1 - Math.floor(at / side)) * side + (at % side)));
  pen.putImageData(pixels, 0, 0);
}

/**
 * A canvas made sharp for the screen; its context draws in CSS pixels.
 * @param {HTMLCanvasElement} canvas
 * @returns {{pen: CanvasRenderingContext2D, width: number, height: number}}
 */
export function sharp(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [across, down] = [width, height].map((each) => Math.round(each * scale));
  if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/** A number in at most so many digits, without needless zeros. @param {number|null|undefined} value @param {number} [digits] */
export function short(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(Math.max(digits - 2, 0)).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(digits)));
}

/**
 * Draw once in the next frame, however often it is asked for; and in other colours when the system's change.
 * @param {() => void} draw
 */
export function eachFrame(draw) {
  let asked = false;
  const soon = () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);
  return soon;
}
