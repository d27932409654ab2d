// Curves over epochs: mean over nets, a band from the lowest to the highest, marks; and the table of the same numbers.
import { drawAxes, place, straight, valueAt } from "./axes.js";
import { colour, eachFrame, h, sharp, short, swatch } from "./dom.js";
import { twinned } from "./twin.js";
import { put, t } from "./words.js";

/** @typedef {import("./axes.js").Axis} Axis */
/** @typedef {CanvasRenderingContext2D} Pen */

/**
 * What one line shows: by epoch the mean over nets and the range, NaN where no net has a finite value.
 * @typedef {{key: string, values?: Record<string, any>, ink: string, dash?: number[], wide?: number, epochs: number[],
 *   mean: number[], low: number[], high: number[]}} Line
 */

const ROWS = 400; // of the table: more are thinned out evenly

export class Chart {
  /**
   * @param {HTMLElement} host
   * @param {string} title key of its words
   * @param {{log?: boolean, wide?: boolean, column?: string}} [options] wide: along x by powers; column: key of the words of x
   */
  constructor(host, title, options = {}) {
    this.log = options.log ?? false;
    this.wide = options.wide ?? false;
    this.column = options.column ?? "table.epoch";
    this.title = title;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {{epoch: number, text: string}[]} */
    this.marks = [];
    this.now = 0;
    this.end = 1;
    /** @type {number|null} */
    this.pointed = null;
    this.own = twinned(host, title, () => [this.asTable()]);
    this.canvas = this.own.canvas;
    this.readout = this.own.readout;
    this.draw = eachFrame(() => this.paint());
    const point = (/** @type {number|null} */ at) => {
      this.pointed = at;
      this.draw();
    };
    this.canvas.addEventListener("pointermove", (event) => point(event.offsetX));
    this.canvas.addEventListener("pointerleave", () => point(null));
    new ResizeObserver(this.draw).observe(this.canvas);
  }

  /** Show these lines. @param {Line[]} lines @param {{epoch: number, text: string}[]} marks */
  show(lines, marks, now, end) {
    [this.lines, this.marks, this.now, this.end] = [lines, marks, now, Math.max(end, 1)];
    this.draw();
    this.own.renew();
  }

  /** @returns {{x: Axis, y: Axis}} */
  axes(width, height) {
    let [low, high] = [Infinity, -Infinity];
    for (const line of this.lines)
      for (let at = 0; at < line.epochs.length; at++) {
        if (line.low[at] < low && (!this.log || line.low[at] > 0)) low = line.low[at];
        if (line.high[at] > high) high = line.high[at];
      }
    if (!(low <= high)) [low, high] = [this.log ? 0.1 : 0, 1];
    if (this.log) [low, high] = [low / 1.1, Math.max(high * 1.1, low * 2)];
    else {
      const room = (high - low || Math.abs(high) || 1) * 0.06;
      [low, high] = [low >= 0 && low < high / 2 ? 0 : low - room, high + room];
    }
    const x = { low: this.wide ? 1 : 0, high: this.wide ? Math.max(this.end, 2) : this.end, log: this.wide, ticks: this.wide ? this.lines[0]?.epochs : undefined, from: 52, to: width - 10 };
    return { x, y: { low, high, log: this.log, from: height - 26, to: 8 } };
  }

  paint() {
    const { pen, width, height } = sharp(this.canvas);
    if (!width) return;
    const { x, y } = this.axes(width, height);
    drawAxes(pen, x, y);
    for (const line of this.lines) this.band(pen, line, x, y);
    for (const line of this.lines) this.stroke(pen, line, x, y);
    this.drawMarks(pen, x, y);
    this.read(pen, x, y);
  }

  band(pen, line, x, y) {
    const there = line.epochs.map((_, at) => at).filter((at) => Number.isFinite(line.low[at]));
    if (there.length < 2) return;
    pen.beginPath();
    for (const at of there) pen.lineTo(place(x, line.epochs[at]), place(y, line.high[at]));
    for (const at of there.reverse()) pen.lineTo(place(x, line.epochs[at]), place(y, this.log ? Math.max(line.low[at], y.low) : line.low[at]));
    pen.closePath();
    pen.globalAlpha = 0.15;
    pen.fillStyle = colour(line.ink);
    pen.fill();
    pen.globalAlpha = 1;
  }

  stroke(pen, line, x, y) {
    pen.strokeStyle = pen.fillStyle = colour(line.ink);
    pen.lineWidth = line.wide ?? 2;
    pen.lineJoin = "round";
    pen.setLineDash(line.dash ?? []);
    for (const [from, to, alpha] of [[0, this.now, 1], [this.now, Infinity, 0.3]]) {
      pen.globalAlpha = alpha; // what lies after the epoch that one went back to stays, faint
      pen.beginPath();
      let open = false;
      for (let at = 0; at < line.epochs.length; at++) {
        const inside = line.epochs[at] >= from && line.epochs[at] <= to && Number.isFinite(line.mean[at]);
        if (inside) pen[open ? "lineTo" : "moveTo"](place(x, line.epochs[at]), place(y, line.mean[at]));
        open = inside;
      }
      pen.stroke();
    }
    pen.setLineDash([]);
    pen.globalAlpha = 1;
    const last = line.epochs.findLastIndex((epoch) => epoch <= this.now);
    if (last < 0 || !Number.isFinite(line.mean[last])) return;
    pen.beginPath();
    pen.arc(place(x, line.epochs[last]), place(y, line.mean[last]), 3.5, 0, 7);
    pen.fill();
  }

  drawMarks(pen, x, y) {
    pen.textAlign = "left";
    pen.lineWidth = 1;
    pen.strokeStyle = colour("--muted");
    pen.setLineDash([2, 3]);
    const places = this.marks.map(({ epoch }) => Math.round(place(x, epoch)) + 0.5);
    for (const at of places) straight(pen, at, y.from, at, y.to);
    pen.setLineDash([]);
    const wide = (text) => pen.measureText(text).width;
    for (const { text, left, row } of labels(this.marks, places, x, wide)) {
      pen.fillStyle = colour("--paper");
      pen.fillRect(left - 2, y.to + 16 * row, wide(text) + 4, 16);
      pen.fillStyle = colour("--ink");
      pen.fillText(text, left, y.to + 8 + 16 * row);
    }
  }

  read(pen, x, y) {
    this.readout.hidden = this.pointed === null || !this.lines.some((line) => line.epochs.length);
    if (this.readout.hidden || this.pointed === null) return;
    const { epochs } = this.lines[0];
    const wanted = valueAt(x, this.pointed);
    const at = epochs.reduce((best, epoch, place) => (Math.abs(epoch - wanted) < Math.abs(epochs[best] - wanted) ? place : best), 0);
    const left = Math.round(place(x, epochs[at])) + 0.5;
    pen.strokeStyle = colour("--faint");
    straight(pen, left, y.from, left, y.to);
    const parts = this.lines.map((line) => {
      const own = line.epochs.indexOf(epochs[at]);
      return own < 0 ? "" : `${t(line.key, line.values)} ${ranged(line, own)}`;
    });
    this.readout.textContent = [`${t(this.column)} ${epochs[at]}`, ...parts.filter(Boolean)].join(" · ");
  }

  asTable() {
    const epochs = [...new Set(this.lines.flatMap((line) => line.epochs))].sort((one, other) => one - other);
    const every = Math.ceil(epochs.length / ROWS);
    const places = this.lines.map((line) => new Map(line.epochs.map((epoch, at) => [epoch, at])));
    const head = [t(this.column), ...this.lines.map((line) => t(line.key, line.values))];
    const rows = epochs.filter((_, at) => at % every === 0 || at === epochs.length - 1).map((epoch) => [
      String(epoch),
      ...this.lines.map((line, which) => {
        const at = places[which].get(epoch);
        return at === undefined ? "–" : ranged(line, at);
      }),
    ]);
    return table(t(this.title), head, rows);
  }
}

/** Where the words of marks stand, in three rows; where they have no room, their numbers in the list below, those that are close together as one. @param {{text: string}[]} marks @param {{from: number, to: number}} x @param {(text: string) => number} wide */
export function labels(marks, places, x, wide) {
  const ends = [0, 0, 0];
  const found = marks.map(({ text }, at) => {
    const left = Math.min(places[at] + 5, x.to - wide(text));
    const row = left < x.from ? -1 : ends.findIndex((end) => end <= left);
    ends[row] = left + wide(text) + 8;
    return { text, left, row };
  });
  if (found.every(({ row }) => row >= 0)) return found;
  const groups = [];
  for (const [at, left] of places.entries()) {
    const last = groups.at(-1);
    if (last && left < last.left + wide("00–00 ")) last.text = `${last.text.split("–")[0]}–${at + 1}`;
    else groups.push({ text: String(at + 1), left: Math.min(left + 3, x.to - wide("00–00")), row: 0 });
  }
  return groups;
}

/** A mean with its range. @param {Line} line */
function ranged(line, at) {
  const same = line.low[at] === line.high[at];
  return short(line.mean[at]) + (same || !Number.isFinite(line.mean[at]) ? "" : ` (${t("range", { low: short(line.low[at]), high: short(line.high[at]) })})`);
}

/** A table: its first column names the rows. @param {string[]} head @param {(string|Node)[][]} rows */
export function table(caption, head, rows) {
  return h(
    "table",
    {},
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...head.map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, at) => (at ? h("td", {}, cell) : h("th", { scope: "row" }, cell)))))),
  );
}

/** What the lines mean: a swatch and words each. @param {Line[]} lines */
export function legend(lines) {
  return lines.map((line) => {
    const words = h("span");
    put(words, line.key);
    return h("li", {}, swatch(line.dash ? "dashed" : "", line.ink), words);
  });
}

/** Let a curve be heard, three seconds long: high is a high value. */
export function hear(values) {
  const heard = values.filter(Number.isFinite);
  if (heard.length < 2) return;
  const [low, high] = [Math.min(...heard), Math.max(...heard)];
  const sound = new AudioContext();
  const voice = sound.createOscillator();
  const loudness = sound.createGain();
  const pitches = heard.map((value) => 220 * 4 ** ((value - low) / (high - low || 1))); // two octaves up from the A below middle C
  voice.frequency.setValueCurveAtTime(pitches, sound.currentTime, 3);
  loudness.gain.setValueAtTime(0.12, sound.currentTime);
  loudness.gain.linearRampToValueAtTime(0, sound.currentTime + 3.1);
  voice.connect(loudness).connect(sound.destination);
  voice.start();
  voice.stop(sound.currentTime + 3.1);
  voice.onended = () => sound.close();
}
