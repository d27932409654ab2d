// What the nets predict: a map of the plane for two inputs, a curve for one. Colour or line: the mean of the nets; shade or
// band: how much they disagree. Points can be drawn on it, with the pointer or with the keys. And a surface with paths.
import { drawAxes, place, straight, valueAt } from "./axes.js";
import { CLASS_INKS, channels, colour, eachFrame, largest, mark, mix, sharp, short, tiled } from "./dom.js";
import { table } from "./charts.js";
import { twinned } from "./twin.js";
import { put, t } from "./words.js";

/** @typedef {import("./axes.js").Axis} Axis */
/** @typedef {CanvasRenderingContext2D} Pen */

const SHADE = 0.62; // how dark full disagreement is: a standard deviation of a half
/**
 * What is shown. kind: "map" of a probability, "values" of a number or of a unit, "classes", "curve", or "surface", dark where
 * it is high; mean: one array, or one a class; low, high: of numbers; nets: the curves of single nets; code: the class whose
 * probability a map shows; levels: of lines; paths: places after these epochs.
 * @typedef {{kind: string, x: [number, number], y: [number, number], mean: Float32Array[], spread: Float32Array|null, grid: number,
 *   low?: number, high?: number, nets?: Float32Array[], code?: number, levels?: number[], epochs?: number[],
 *   paths?: {name: string, runner: number, at: number[][]}[]}} Shown
 */

export class Picture {
  /** @param {HTMLElement} host @param {string} [title] key of its words */
  constructor(host, title = "picture") {
    this.own = twinned(host, title, () => this.tables(), "square");
    this.canvas = this.own.canvas;
    this.readout = this.own.readout;
    this.plot = this.own.plot;
    /** @type {Shown|null} */
    this.shown = null;
    /** @type {{x: number, y: number, label: number, part: number}[]} */
    this.points = [];
    /** @type {string[]} */
    this.classes = [];
    /** @type {number[]|null} */
    this.cursor = null;
    this.names = ["x1", "x2"]; // across, up
    this.drawing = false;
    /** @type {Shown|null} what is shown again when no unit is pointed at */
    this.behind = null;
    this.onPoint = (_x, _y) => {};
    this.draw = eachFrame(() => this.paint());
    this.tile = document.createElement("canvas");
    this.listen();
    new ResizeObserver(this.draw).observe(this.canvas);
  }

  listen() {
    this.canvas.addEventListener("pointermove", (event) => this.read(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointerleave", () => (this.readout.textContent = ""));
    this.canvas.addEventListener("click", (event) => {
      if (!this.drawing) return;
      const { x, y } = this.axes();
      this.onPoint(valueAt(x, event.offsetX), valueAt(y, event.offsetY));
    });
    this.plot.addEventListener("keydown", (event) => this.key(event));
  }

  /** Let points be drawn, or no more. */
  draws(on) {
    this.drawing = on;
    this.cursor = on ? [0, 0] : null;
    this.plot.classList.toggle("drawing", on);
    if (on) {
      this.plot.tabIndex = 0;
      this.plot.setAttribute("role", "application");
      put(this.plot, "draw.how", {}, "aria-label");
    } else for (const name of ["tabindex", "role", "aria-label", "data-w-aria-label"]) this.plot.removeAttribute(name);
    this.draw();
  }

  key(event) {
    const moves = /** @type {Record<string, number[]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] });
    if (!this.cursor) return;
    const { x, y } = this.axes();
    const move = moves[event.key];
    if (move) this.cursor = [inside(x, this.cursor[0] + (move[0] * (x.high - x.low)) / 20), inside(y, this.cursor[1] + (move[1] * (y.high - y.low)) / 20)];
    else if (event.key === " " || event.key === "Enter") this.onPoint(this.cursor[0], this.cursor[1]);
    else return;
    event.preventDefault();
    this.draw();
  }

  /** @returns {{x: Axis, y: Axis}} */
  axes() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const [left, low] = this.shown?.kind === "curve" ? [52, 26] : [0, 0];
    const [x0, x1] = this.shown?.x ?? [-1, 1];
    const [y0, y1] = this.shown?.y ?? [-1, 1];
    return { x: { low: x0, high: x1, from: left, to: width }, y: { low: y0, high: y1, from: height - low, to: 0 } };
  }

  paint() {
    const { pen, width } = sharp(this.canvas);
    if (!width || !this.shown) return;
    if (this.shown.kind === "curve") this.paintCurve(pen, this.shown);
    else this.paintMap(pen, this.shown);
    const { x, y } = this.axes();
    this.paintPoints(pen, x, y);
    if (this.cursor) {
      const [left, top] = [place(x, this.cursor[0]), place(y, this.cursor[1])];
      pen.strokeStyle = colour("--ink");
      pen.lineWidth = 1.5;
      straight(pen, left - 9, top, left + 9, top);
      straight(pen, left, top - 9, left, top + 9);
    }
  }

  /** @param {Pen} pen @param {Shown} shown */
  paintMap(pen, shown) {
    const { kind, grid, mean, spread, low = 0, high = 1 } = shown;
    const surface = kind === "surface";
    const inks = (shown.code === undefined ? CLASS_INKS : ["--muted", CLASS_INKS[shown.code % CLASS_INKS.length]]).map(channels);
    const paper = channels("--paper");
    const ink = channels("--ink");
    tiled(this.tile, grid, (at) => {
      const share = (mean[0][at] - low) / (high - low);
      const mixed = surface ? paper : mean.length === 1 ? between(share, inks, paper) : blended(mean, at, inks, paper);
      const dark = surface ? SHADE * Math.min(1, share) : spread ? Math.min(SHADE, (2 * SHADE * spread[at]) / (high - low)) : 0;
      return mix(mixed, ink, dark);
    });
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = "high";
    const { x, y } = this.axes();
    pen.drawImage(this.tile, 0.5, 0.5, grid - 1, grid - 1, x.from, y.to, x.to - x.from, y.from - y.to); // the outer points lie on the edge
    const { levels = kind === "map" ? [0.5] : [], paths = [] } = shown;
    for (const level of levels) this.border(pen, shown, x, y, level);
    pen.lineWidth = 2.5;
    for (const { runner, at } of paths) {
      pen.strokeStyle = colour(CLASS_INKS[runner]);
      pen.beginPath();
      for (const [across, up] of at) pen.lineTo(place(x, across), place(y, up));
      pen.stroke();
    }
  }

  /** The line on which the mean has a level. */
  border(pen, { grid, mean, kind }, x, y, level) {
    const cell = [(x.to - x.from) / (grid - 1), (y.from - y.to) / (grid - 1)];
    const [left, low] = [x.from, y.from];
    pen.beginPath();
    for (let row = 0; row + 1 < grid; row++)
      for (let column = 0; column + 1 < grid; column++) {
        const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, up]) => [right, up, mean[0][(row + up) * grid + column + right] - level]);
        const crossed = [];
        for (let side = 0; side < 4; side++) {
          const [one, other] = [corners[side], corners[(side + 1) % 4]];
          if (one[2] < 0 === other[2] < 0) continue;
          const share = one[2] / (one[2] - other[2]);
          crossed.push([one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])]);
        }
        for (let at = 0; at + 1 < crossed.length; at += 2) {
          pen.moveTo(left + (column + crossed[at][0]) * cell[0], low - (row + crossed[at][1]) * cell[1]);
          pen.lineTo(left + (column + crossed[at + 1][0]) * cell[0], low - (row + crossed[at + 1][1]) * cell[1]);
        }
      }
    pen.strokeStyle = colour("--ink");
    pen.lineWidth = kind === "map" ? 1.5 : 0.5;
    pen.stroke();
  }

  /** @param {Pen} pen @param {Shown} shown */
  paintCurve(pen, shown) {
    const { x, y } = this.axes();
    drawAxes(pen, x, y);
    pen.save();
    pen.beginPath();
    pen.rect(x.from, y.to, x.to - x.from, y.from - y.to);
    pen.clip();
    const at = (index) => place(x, shown.x[0] + ((shown.x[1] - shown.x[0]) * index) / (shown.grid - 1));
    const line = (value) => {
      for (let index = 0; index < shown.grid; index++) pen.lineTo(at(index), place(y, value(index)));
    };
    pen.strokeStyle = pen.fillStyle = colour("--series-2");
    const { mean, spread, nets = [] } = shown;
    if (spread) {
      pen.beginPath();
      line((index) => mean[0][index] + spread[index]);
      for (let index = shown.grid - 1; index >= 0; index--) pen.lineTo(at(index), place(y, mean[0][index] - spread[index]));
      pen.closePath();
      pen.globalAlpha = 0.22;
      pen.fill();
    }
    pen.globalAlpha = 0.35;
    pen.lineWidth = 1;
    for (const net of nets) {
      pen.beginPath();
      line((index) => net[index]);
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 2.5;
    pen.beginPath();
    line((index) => mean[0][index]);
    pen.stroke();
    pen.restore();
  }

  paintPoints(pen, x, y) {
    const size = this.points.length > 300 ? 2.4 : 3.4;
    for (const point of this.points) {
      const ink = colour(this.classes.length ? CLASS_INKS[point.label % CLASS_INKS.length] : "--series-0");
      mark(pen, this.classes.length && point.label, place(x, point.x), place(y, point.y), size);
      pen.fillStyle = point.part ? colour("--paper") : ink; // validation rows are rings
      pen.strokeStyle = point.part ? ink : colour("--paper");
      pen.lineWidth = point.part ? 1.6 : 1;
      pen.fill();
      pen.stroke();
    }
  }

  read(left, top) {
    const shown = this.shown;
    if (!shown) return;
    const { x, y } = this.axes();
    const curve = shown.kind === "curve";
    const [at, up] = [valueAt(x, left), valueAt(y, top)];
    const where = (value, [low, high]) => Math.max(0, Math.min(shown.grid - 1, Math.round(((value - low) / (high - low)) * (shown.grid - 1))));
    const cell = where(at, shown.x) + (curve ? 0 : where(up, shown.y) * shown.grid);
    this.readout.textContent = `${this.names[0]} ${short(at)}${curve ? "" : `, ${this.names[1]} ${short(up)}`}: ${this.cell(cell)}`;
  }

  /** A cell in words: the mean, and how far the nets are apart. */
  cell(cell) {
    const shown = /** @type {Shown} */ (this.shown);
    const spread = shown.spread ? ` ± ${short(shown.spread[cell], 2)}` : "";
    if (shown.mean.length === 1) return short(shown.mean[0][cell], 3) + spread;
    const best = likeliest(shown.mean, cell);
    return `${this.classes[best] ?? best} ${short(shown.mean[best][cell], 3)}${spread}`;
  }

  /** Show a picture. @param {Shown|null} shown */
  show(shown) {
    if (this.behind && shown) this.behind = shown;
    else this.shown = shown;
    this.draw();
    this.own.renew();
  }

  /** Show what a unit computes for as long as it is pointed at. @param {Float32Array|null} values */
  peek(values, side) {
    const before = this.behind ?? this.shown;
    this.behind = values ? before : null;
    if (!values || !before) this.shown = before;
    else {
      const most = largest(values);
      const plane = side * side === values.length;
      const kind = plane ? "values" : "curve";
      this.shown = { ...before, kind, mean: [values], spread: null, nets: [], grid: plane ? side : values.length, low: -most, high: most };
      if (!plane) this.shown.y = [-1.1 * most, 1.1 * most];
    }
    this.draw();
  }

  /** Another picture will come soon: what is seen may stay until then, what is read may not. */
  forget() {
    this.shown = this.behind = null;
    this.own.table.replaceChildren();
  }

  tables() {
    const shown = this.shown;
    if (!shown) return [];
    const [count, grid] = [9, shown.grid];
    const spots = Array.from({ length: count }, (_, at) => Math.round((at * (grid - 1)) / (count - 1)));
    const value = ([low, high], at) => short(low + ((high - low) * at) / (grid - 1), 3);
    if (shown.kind === "curve") {
      const rows = spots.map((at) => [value(shown.x, at), this.cell(at)]);
      return [table(t("picture.table"), [this.names[0], t("picture.prediction")], rows)];
    }
    const rows = [...spots].reverse().map((row) => [value(shown.y, row), ...spots.map((column) => this.cell(row * grid + column))]);
    const found = table(t(shown.kind === "surface" ? "race.surface" : "picture.table"), [`${this.names[1]} \\ ${this.names[0]}`, ...spots.map((column) => value(shown.x, column))], rows);
    if (!shown.paths) return [found];
    const names = shown.paths.map(({ name }) => name);
    const along = (shown.epochs ?? []).map((epoch, place) => [String(epoch), ...(shown.paths ?? []).map(({ at }) => (at[place] ?? ["–"]).map((each) => short(Number(each))).join(", "))]);
    return [found, table(t("race.paths"), [t("table.epoch"), ...names], along)];
  }
}

const inside = (axis, value) => Math.max(axis.low, Math.min(axis.high, value));

/** From one ink through paper to the other: 0 to 1. */
const between = (share, inks, paper) => mix(paper, inks[share > 0.5 ? 1 : 0], Math.min(1, Math.abs(share - 0.5) * 2) * 0.72);

/** The class with the largest mean in a cell. */
const likeliest = (mean, at) => mean.reduce((best, each, place) => (each[at] > mean[best][at] ? place : best), 0);

/** The ink of the likeliest class, paler where it is less likely. */
function blended(mean, at, inks, paper) {
  const [best, chance] = [likeliest(mean, at), 1 / mean.length];
  return mix(paper, inks[best % inks.length], Math.max(0, (mean[best][at] - chance) / (1 - chance)) * 0.66 + 0.06);
}
