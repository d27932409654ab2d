// The net as a drawing: units as thumbnails of what they compute, weights as lines. A click on a line or unit chooses it;
// the form below, which says the same in words, changes it.
import { CLASS_INKS, channels, colour, eachFrame, h, largest, mark, mix, sharp, short, tiled } from "./dom.js";
import { table } from "./charts.js";
import { twinned } from "./twin.js";
import { t } from "./words.js";

/**
 * A net as it is. layers: inputs, units, weights [units, inputs] and biases of each, the output's last; thumbnails: of each
 * hidden layer, side x side values a unit, or side where the picture is a line (flat).
 * @typedef {{inputs: number, outputs: number, weights: Float32Array, biases: Float32Array|null, thumbnails: Float32Array|null}} Layer
 * @typedef {{layers: Layer[], side: number, flat: boolean, names: string[], classes: string[]}} Net
 * @typedef {{layer: number, kind: "w"|"b", i: number, j: number}} Place
 */

const MOST_LINES = 1200; // drawn a layer: of more, the strongest
const MOST_UNITS = 32; // drawn a layer; the table has all
const MOST_INPUTS = 12;
const NAMES = 56; // pixels for longer names of inputs
const MOST_LETTERS = 11; // of such a name
const NEAR = 6; // pixels from a line that still mean it

/** @typedef {{x: number, y: number, size: number}} Spot */
/** @typedef {CanvasRenderingContext2D} Pen */

export class NetDrawing {
  constructor(host) {
    this.own = twinned(host, "net.table", () => this.tables());
    this.canvas = this.own.canvas;
    this.some = h("p", { class: "small muted" });
    this.own.plot.after(this.some);
    /** @type {Net|null} */
    this.net = null;
    /** @type {Spot[][]} */
    this.spots = [];
    /** @type {(Place & {path: Path2D, value: number})[]} */
    this.lines = [];
    /** @type {Place|null} */
    this.chosen = null;
    /** @type {Place|null} */
    this.pointed = null;
    this.onChoose = (_) => {};
    this.onUnit = (_) => {};
    this.tile = document.createElement("canvas");
    this.draw = eachFrame(() => this.paint());
    this.canvas.addEventListener("pointermove", (event) => this.point(event.offsetX, event.offsetY));
    this.canvas.addEventListener("pointerleave", () => this.point(-99, -99));
    this.canvas.addEventListener("click", (event) => {
      const found = this.at(event.offsetX, event.offsetY);
      if (found) this.choose(found);
    });
    new ResizeObserver(this.draw).observe(this.canvas);
  }

  /** @param {Net|null} net */
  show(net) {
    const count = net?.layers[0].inputs ?? 0;
    this.some.textContent = count > MOST_INPUTS ? t("net.some", { shown: MOST_INPUTS, count }) : "";
    this.net = net;
    if (!net || (this.chosen && this.chosen.layer >= net.layers.length)) this.chosen = null;
    this.draw();
    this.own.renew();
  }

  /** @param {Place} place */
  choose(place) {
    this.chosen = place;
    this.onChoose(place);
    this.draw();
  }

  /** Where every unit stands. @param {Net} net */
  arrange(net, width, height) {
    const counts = [net.layers[0].inputs, ...net.layers.map((layer) => layer.outputs)];
    const room = Math.max(...net.names.slice(0, MOST_INPUTS).map((name) => name.length)) > 3 && width > 320 ? NAMES : 0; // longer names stand beside their inputs
    const step = (width - 76 - room) / Math.max(counts.length - 1, 1);
    this.spots = counts.map((count, column) => {
      const shown = Math.min(count, column === 0 ? MOST_INPUTS : MOST_UNITS);
      const pitch = Math.min(46, (height - 34) / shown);
      const size = Math.max(3, Math.min(pitch * 0.82, step * 0.5, 38));
      const top = (height - 22 - pitch * shown) / 2 + pitch / 2 + 4;
      return Array.from({ length: shown }, (_, at) => ({ x: 40 + room + column * step, y: top + at * pitch, size }));
    });
    this.lines = net.layers.flatMap((layer, at) => this.strongest(layer, at));
  }

  /** @param {Layer} layer @param {number} at */
  strongest(layer, at) {
    const [from, to] = [this.spots[at], this.spots[at + 1]];
    const found = [];
    for (let i = 0; i < to.length; i++)
      for (let j = 0; j < from.length; j++) found.push({ layer: at, kind: /** @type {"w"} */ ("w"), i, j, path: curve(from[j], to[i]), value: layer.weights[i * layer.inputs + j] });
    found.sort((one, other) => Math.abs(one.value) - Math.abs(other.value));
    return found.slice(-MOST_LINES);
  }

  paint() {
    const { pen, width, height } = sharp(this.canvas);
    const net = this.net;
    if (!net || !width) return;
    this.arrange(net, width, height);
    const inks = [colour("--series-1"), colour("--series-0")];
    const most = net.layers.map((layer) => largest(layer.weights));
    for (const line of this.lines) {
      const strength = Math.min(1, Math.abs(line.value) / Math.max(most[line.layer], 0.2));
      this.stroke(pen, line, inks[line.value < 0 ? 0 : 1], 0.4 + 3.4 * strength, 0.12 + 0.75 * strength);
    }
    for (const [place, ink] of /** @type {[Place|null, string][]} */ ([[this.pointed, "--muted"], [this.chosen, "--ink"]])) {
      const line = place?.kind === "w" && this.lines.find((each) => each.layer === place.layer && each.i === place.i && each.j === place.j);
      if (line) this.stroke(pen, line, colour(ink), 3, 1);
    }
    this.spots.forEach((spots, column) => spots.forEach((spot, at) => this.unit(pen, net, column, at, spot)));
    this.names(pen, net, height);
  }

  /** @param {Pen} pen @param {{path: Path2D}} line @param {string} ink @param {number} wide @param {number} alpha */
  stroke(pen, { path }, ink, wide, alpha) {
    pen.globalAlpha = alpha;
    pen.strokeStyle = ink;
    pen.lineWidth = wide;
    pen.stroke(path);
    pen.globalAlpha = 1;
  }

  /** @param {Pen} pen @param {Net} net @param {number} column @param {number} at @param {Spot} spot */
  unit(pen, net, column, at, { x, y, size }) {
    const picture = column > 0 && column < this.spots.length - 1 ? this.thumbnail(net, column - 1, at) : null;
    const [left, top] = [x - size / 2, y - size / 2];
    const box = new Path2D();
    box.roundRect(left, top, size, size, Math.min(5, size / 5));
    pen.fillStyle = colour("--surface");
    pen.fill(box);
    if (picture) {
      pen.save();
      pen.clip(box);
      if (net.flat) tinyCurve(pen, picture, left, top, size);
      else {
        const most = largest(picture);
        const [low, high, paper] = ["--series-1", "--series-0", "--paper"].map(channels);
        tiled(this.tile, net.side, (cell) => mix(paper, picture[cell] < 0 ? low : high, (0.85 * Math.abs(picture[cell])) / most));
        pen.drawImage(this.tile, left, top, size, size);
      }
      pen.restore();
    }
    const chosen = this.chosen?.kind === "b" && this.chosen.layer === column - 1 && this.chosen.i === at;
    pen.strokeStyle = colour(chosen ? "--ink" : "--faint");
    pen.lineWidth = chosen ? 2.5 : 1;
    pen.stroke(box);
    if (picture || size < 16) return;
    const output = column === this.spots.length - 1;
    const ink = output && net.classes.length ? colour(CLASS_INKS[at % CLASS_INKS.length]) : "";
    if (ink) {
      pen.fillStyle = ink;
      mark(pen, at, x, y, size * 0.24);
      pen.fill();
      return;
    }
    pen.fillStyle = colour("--ink");
    pen.font = `${Math.min(13, size * 0.42)}px ${colour("--sans")}`;
    pen.textBaseline = "middle";
    const text = column ? (output ? "y" : "") : net.names[at];
    const [most, side] = x - size > NAMES ? [MOST_LETTERS, x - size / 2 - 4] : [3, x]; // beside the input, or in it
    if (side < x) pen.font = `11px ${colour("--sans")}`;
    pen.textAlign = side < x ? "right" : "center";
    pen.fillText(text.length > most ? `${text.slice(0, most - 1)}…` : text, side, y);
  }

  /** @param {Net} net @param {number} layer @param {number} unit */
  thumbnail(net, layer, unit) {
    const all = net.layers[layer]?.thumbnails;
    const size = net.flat ? net.side : net.side * net.side;
    return all && size ? all.subarray(unit * size, (unit + 1) * size) : null;
  }

  /** @param {Pen} pen @param {Net} net @param {number} height */
  names(pen, net, height) {
    pen.font = `12px ${colour("--sans")}`;
    pen.fillStyle = colour("--muted");
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    const counts = [net.layers[0].inputs, ...net.layers.map((layer) => layer.outputs)];
    counts.forEach((count, column) => {
      const last = column === counts.length - 1;
      const text = column === 0 ? t("net.inputs", { count }) : last ? t("net.outputs", { count }) : String(count);
      pen.fillText(text, this.spots[column][0].x, height - 6);
    });
  }

  /** What lies at a pixel. @returns {Place|null} */
  at(x, y) {
    for (let column = 1; column < this.spots.length; column++)
      for (let i = 0; i < this.spots[column].length; i++) {
        const spot = this.spots[column][i];
        if (Math.abs(spot.x - x) <= spot.size / 2 && Math.abs(spot.y - y) <= spot.size / 2) return { layer: column - 1, kind: "b", i, j: 0 };
      }
    const pen = /** @type {Pen} */ (this.canvas.getContext("2d"));
    const scale = window.devicePixelRatio || 1;
    /** @type {Place|null} */
    let found = null;
    for (let [near, wide] = [this.lines, 2 * NEAR]; near.length && wide > 0.5; wide /= 2) {
      pen.lineWidth = wide;
      near = near.filter(({ path }) => pen.isPointInStroke(path, x * scale, y * scale));
      found = near.at(-1) ?? found; // the nearest; of several the last, which lies above
    }
    return found;
  }

  point(x, y) {
    const found = this.net ? this.at(x, y) : null;
    this.canvas.style.cursor = found ? "pointer" : "";
    this.own.readout.textContent = found ? `${this.words(found)}: ${short(this.value(found))}` : "";
    const hidden = found?.kind === "b" && this.net && found.layer < this.net.layers.length - 1;
    this.onUnit(hidden && this.net && found ? this.thumbnail(this.net, found.layer, found.i) : null);
    this.pointed = found;
    this.draw();
  }

  /** @param {Place} place */
  value({ layer, kind, i, j }) {
    const own = this.net?.layers[layer];
    return own ? (kind === "w" ? own.weights[i * own.inputs + j] : own.biases?.[i]) : undefined;
  }

  /** A weight or bias in words. @param {Place} place */
  words({ layer, kind, i, j }) {
    const last = layer === (this.net?.layers.length ?? 0) - 1;
    const to = last ? t("net.output", { unit: i + 1 }) : t("net.unit", { unit: i + 1, layer: layer + 1 });
    if (kind === "b") return t("net.bias.of", { to });
    const from = layer ? t("net.unit", { unit: j + 1, layer }) : this.net?.names[j];
    return t("net.weight.of", { from, to });
  }

  tables() {
    return (this.net?.layers ?? []).map((layer, at, all) => {
      const from = Array.from({ length: Math.min(layer.inputs, 64) }, (_, j) => (at ? t("net.from", { unit: j + 1 }) : this.net?.names[j] ?? ""));
      const rows = Array.from({ length: Math.min(layer.outputs, 64) }, (_, i) => [
        String(i + 1),
        ...from.map((_each, j) => short(layer.weights[i * layer.inputs + j])),
        ...(layer.biases ? [short(layer.biases[i])] : []),
      ]);
      const last = at === all.length - 1;
      const caption = last ? t("net.table.output") : t("net.table.layer", { layer: at + 1 });
      return table(caption, [t("net.table.unit"), ...from, ...(layer.biases ? [t("net.bias")] : [])], rows);
    });
  }
}

/** What a unit computes along a line. */
function tinyCurve(pen, values, left, top, size) {
  const most = largest(values);
  pen.beginPath();
  values.forEach((value, at) => pen.lineTo(left + (size * at) / (values.length - 1), top + size / 2 - (value / most) * size * 0.42));
  pen.strokeStyle = colour("--series-2");
  pen.lineWidth = 1.5;
  pen.stroke();
}

/** A line from unit to unit. @param {Spot} from @param {Spot} to */
function curve(from, to) {
  const [left, right] = [from.x + from.size / 2, to.x - to.size / 2];
  const middle = (left + right) / 2;
  return new Path2D(`M${left},${from.y}C${middle},${from.y} ${middle},${to.y} ${right},${to.y}`);
}
