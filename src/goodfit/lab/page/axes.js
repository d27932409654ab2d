// Axes of a canvas: from values to pixels, with ticks at round numbers.
import { colour, short } from "./dom.js";

/** Round numbers from low to high, about so many. @returns {number[]} */
export function ticks(low, high, about) {
  const raw = (high - low) / Math.max(about, 1);
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw * 0.999) ?? raw;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/** Powers of ten within a range, with 2 and 5 where there are few. @returns {number[]} */
export function logTicks(low, high) {
  const within = (parts) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
      for (const part of parts) if (part * 10 ** power >= low * 0.999 && part * 10 ** power <= high * 1.001) found.push(Number((part * 10 ** power).toPrecision(6)));
    return found;
  };
  const tens = within([1]);
  return tens.length >= 3 ? tens : within([1, 2, 5]);
}

/** One axis. @typedef {{low: number, high: number, log?: boolean, ticks?: number[], from: number, to: number}} Axis */

/** Where a value lies, in pixels. */
export function place(axis, value) {
  const share = axis.log
    ? (Math.log(Math.max(value, 1e-30)) - Math.log(axis.low)) / (Math.log(axis.high) - Math.log(axis.low))
    : (value - axis.low) / (axis.high - axis.low);
  return axis.from + share * (axis.to - axis.from);
}

/** The value at a pixel. */
export function valueAt(axis, at) {
  const share = (at - axis.from) / (axis.to - axis.from);
  return axis.log ? axis.low * (axis.high / axis.low) ** share : axis.low + share * (axis.high - axis.low);
}

/** A straight line. @param {number} right its other end */
export function straight(pen, x, y, right, down) {
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(right, down);
  pen.stroke();
}

/** The letters of all drawings. */
export function letters(pen) {
  pen.font = `12px ${colour("--sans")}`;
  pen.fillStyle = colour("--muted");
  pen.textBaseline = "middle";
}

/**
 * Grid and numbers of both axes.
 * @param {CanvasRenderingContext2D} pen
 * @param {Axis} x
 * @param {Axis} y from is its lower end
 */
export function drawAxes(pen, x, y) {
  letters(pen);
  pen.lineWidth = 1;
  pen.strokeStyle = colour("--grid");
  pen.textAlign = "right";
  for (const tick of y.log ? logTicks(y.low, y.high) : ticks(y.low, y.high, 4)) {
    const at = Math.round(place(y, tick)) + 0.5;
    straight(pen, x.from, at, x.to, at);
    pen.fillText(short(tick), x.from - 8, at);
  }
  pen.textAlign = "center";
  for (const tick of x.ticks ?? (x.log ? logTicks(x.low, x.high) : ticks(x.low, x.high, Math.max(2, Math.floor((x.to - x.from) / 90))))) {
    const text = short(tick);
    const room = pen.measureText(text).width / 2;
    pen.fillText(text, Math.max(room, Math.min(place(x, tick), pen.canvas.clientWidth - room)), y.from + 14);
  }
}
