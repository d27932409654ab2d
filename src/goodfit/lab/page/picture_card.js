// The picture's card: whose prediction is shown, A and B side by side, and points drawn by hand.
import { button } from "./controls.js";
import { $, CLASS_INKS, h, short, swatch } from "./dom.js";
import { Picture } from "./picture.js";
import { of, put, t, translate } from "./words.js";

const PAUSE = 500; // milliseconds after a point before the nets learn it

export class PictureCard {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.a = new Picture($("picture"));
    /** @type {Picture|null} */
    this.b = null;
    /** @type {number[][]} */
    this.drawn = [];
    this.label = 0;
    this.which = h("select", { id: "picture-net", "data-w-aria-label": "picture.which", change: () => this.choose() });
    this.tools = h("div", { class: "line", id: "draw-tools", hidden: true });
    $("picture-tools").append(this.which);
    $("picture").prepend(this.tools);
    this.a.onPoint = (x, y) => this.point(x, y);
    model.on("opened", () => this.opened());
    model.on("points", () => this.points());
    model.on("boundary", () => this.update());
    model.on("branch", () => this.beside());
    model.on("peek", (what) => this.a.peek(what?.values ?? null, what?.side ?? 0));
    model.on("drawing", (on) => this.draws(on, []));
    document.addEventListener("language", () => model.opened && this.opened());
  }

  opened() {
    const { opened, view, state } = this.model;
    const nets = opened.nets.map((net, at) => h("option", { value: at }, t("picture.net", { net: at + 1, units: net.hidden.join("-") })));
    const classes = opened.classes.length > 2 ? opened.classes.map((name, at) => h("option", { value: `c${at}` }, t("picture.class", { name }))) : [];
    this.which.replaceChildren(h("option", { value: "" }, t("picture.mean", { nets: nets.length })), ...classes, ...(nets.length > 1 ? nets : []));
    this.which.value = view.shown === null ? (view.net ?? "") : `c${view.shown}`;
    this.a.classes = opened.classes;
    this.a.names = opened.picture ? opened.picture.names.map(of) : [];
    this.a.plot.hidden = this.a.own.twin.hidden = !opened.picture;
    if (!opened.picture) this.a.show(null);
    else if (!this.a.drawing) this.a.forget();
    const anew = this.last !== opened && !this.learns; // as by Undo
    this.last = opened;
    if (state.data.points && (anew || !this.a.drawing)) this.draws(true, state.data.points);
    else if (!state.data.points && !this.drawn.length) this.draws(false, []);
    this.legend();
    this.beside();
  }

  choose() {
    const value = this.which.value;
    if (value.startsWith("c")) this.model.look({ net: null, shown: Number(value.slice(1)) });
    else this.model.look({ net: value === "" ? null : Number(value), shown: null });
    this.update();
  }

  legend() {
    const { opened } = this.model;
    const entry = (kind, ink, text) => h("li", {}, swatch(kind, ink), h("span", {}, text));
    const classes = opened.classes.map((name, at) => entry(at > 4 ? "dot square" : "dot", CLASS_INKS[at % CLASS_INKS.length], name));
    const many = opened.nets.length > 1;
    const line = opened.picture?.kind === "line";
    $("legend").replaceChildren(
      ...(opened.picture ? classes : []),
      ...(opened.rows.valid && opened.picture ? [entry("ring", "--muted", t("legend.valid"))] : []),
      ...(many && opened.picture ? [entry(line ? "shade line" : "shade", line ? "--series-2" : "--ink", t(line ? "legend.band" : "legend.shade"))] : []),
    );
    if (opened.picture && !line) $("legend").append(h("li", {}, t("legend.axes", { x: this.a.names[0], y: this.a.names[1] })));
    const sentence = opened.picture ? of(opened.picture.sentence) : t("picture.none", { inputs: opened.inputs.length });
    if (sentence) $("legend").append(h("li", {}, sentence));
  }

  points() {
    for (const picture of [this.a, this.b]) {
      if (!picture) continue;
      picture.points = this.model.points;
      picture.draw();
    }
  }

  /** @returns {import("./picture.js").Shown|null} */
  shown(boundary) {
    const { opened, points } = this.model;
    if (!boundary || !opened.picture) return null;
    const { mean, spread, nets } = boundary.columns;
    const [parts, grid] = mean.shape;
    const size = mean.values.length / parts;
    const split = (column, count) => Array.from({ length: count }, (_, at) => column.values.subarray(at * size, (at + 1) * size));
    const line = opened.picture.kind === "line";
    const numbers = opened.task === "regression";
    const found = { grid, x: opened.picture.x, y: opened.picture.y, mean: split(mean, parts), spread: opened.nets.length > 1 && this.model.view.net === null ? spread.values : null };
    if (line) return { ...found, kind: "curve", nets: nets && this.model.view.net === null ? split(nets, nets.shape[0]) : [] };
    const one = this.model.view.shown;
    if (!numbers && one !== null && one < parts) return { ...found, kind: "map", mean: [found.mean[one]], spread: null, code: one };
    if (!numbers) return { ...found, kind: parts === 1 ? "map" : "classes" };
    const labels = points.map((point) => point.label);
    return { ...found, kind: "values", low: Math.min(...labels), high: Math.max(...labels) };
  }

  update() {
    const { boundary } = this.model;
    if (boundary.A) this.a.show(this.shown(boundary.A));
    if (this.b && boundary.B) this.b.show(this.shown(boundary.B));
  }

  /** A second picture, or none. */
  beside() {
    const { branch, opened } = this.model;
    if (branch && opened?.picture && !this.b) {
      const host = h("div", {}, put(h("h4"), "picture.b"));
      $("picture-b").replaceChildren(host);
      this.b = new Picture(host);
      this.b.classes = opened.classes;
      this.b.names = this.a.names;
      this.points();
      translate($("picture-b"));
    } else if (!branch) {
      this.b = null;
      $("picture-b").replaceChildren();
    }
    this.update();
  }

  /** Let points be drawn, from these on. */
  draws(on, points) {
    if (on !== this.a.drawing) this.a.draws(on);
    this.tools.hidden = !on;
    if (!on) {
      this.drawn = [];
      return;
    }
    this.drawn = points.map((each) => [...each]);
    if (!points.length) this.blank();
    this.drawTools();
  }

  /** An empty plane to draw on. */
  blank() {
    this.a.points = [];
    this.a.classes = ["1", "2"];
    this.a.plot.hidden = false;
    this.a.show({ kind: "map", x: [-1.2, 1.2], y: [-1.2, 1.2], mean: [new Float32Array(4).fill(0.5)], spread: null, grid: 2 });
  }

  drawTools() {
    const classes = [0, 1, 2].map((label) => {
      const input = h("input", { type: "radio", name: "draw-class", value: label, change: () => (this.label = label) });
      input.checked = label === this.label;
      return h("label", { class: "check" }, input, swatch("dot", CLASS_INKS[label]), h("span", {}, t("draw.class", { number: label + 1 })));
    });
    const last = button("draw.last", () => this.redraw(this.drawn.slice(0, -1)), "quiet");
    const all = button("draw.clear", () => this.draws(true, []), "quiet");
    const count = h("span", { class: "muted", id: "drawn-count", role: "status" }, t("draw.count", { count: this.drawn.length }));
    this.tools.replaceChildren(...classes, last, all, count);
  }

  point(x, y) {
    this.redraw([...this.drawn, [Number(short(x, 4)), Number(short(y, 4)), this.label]]);
  }

  redraw(points) {
    this.drawn = points;
    this.a.points = points.map(([x, y, label]) => ({ x, y, label, part: 0 }));
    this.a.draw();
    const focused = document.activeElement?.closest("#draw-tools");
    $("drawn-count").textContent = t("draw.count", { count: points.length });
    if (focused) this.a.plot.focus();
    this.learns = true; // or will soon
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.learn(), PAUSE);
  }

  /** Train on what is drawn, once two classes have two points each. */
  async learn() {
    const { waiting } = this;
    const counts = [0, 0, 0];
    for (const [, , label] of this.drawn) counts[label]++;
    if (counts.filter((count) => count >= 2).length >= 2 && counts.every((count) => count !== 1)) await this.model.replace({ data: { points: this.drawn } });
    if (waiting === this.waiting) this.learns = false;
  }

  show() {
    this.a.draw();
    this.b?.draw();
  }
}
