// The net's card: layers and units to add and remove, the drawing, and the form that changes a weight.
import { button, decimal, labelled, read } from "./controls.js";
import { $, h, short } from "./dom.js";
import { NetDrawing } from "./net.js";
import { put, t, translate } from "./words.js";

const MOST_LAYERS = 6;
const MOST_UNITS = 64;

export class NetCard {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.drawing = new NetDrawing($("net"));
    this.which = h("select", { id: "unit-net", "data-w-aria-label": "net.which", change: () => model.look({ unit_net: Number(this.which.value) }) });
    $("net-tools").append(this.which);
    this.form();
    this.drawing.onChoose = (place) => this.chosen(place);
    this.drawing.onUnit = (values) => model.tell("peek", values && { values, side: this.drawing.net?.side });
    model.on("opened", () => this.opened());
    model.on("units", () => this.units());
    model.on("drawing", (on) => {
      if (on) this.drawing.show(null);
      $("weight").hidden ||= on;
    });
    document.addEventListener("language", () => {
      if (model.opened) this.opened();
      if (this.drawing.net) this.relayer(this.drawing.net.layers.length);
    });
  }

  form() {
    const select = (name) => h("select", { id: `weight-${name}`, change: () => this.follow(name) });
    this.layer = select("layer");
    this.from = select("from");
    this.to = select("to");
    this.value = h("input", { id: "weight-value", type: "text", inputmode: "decimal", autocomplete: "off" });
    this.sliding = h("input", { type: "range", id: "weight-slider", min: -5, max: 5, step: 0.05, "data-w-aria-label": "weight.value" });
    this.sliding.addEventListener("input", () => {
      this.value.value = this.sliding.value;
      this.send();
    });
    this.equal = button("equal", () => this.model.ask("equal", { layer: Number(this.layer.value) }), "quiet");
    this.equal.id = "equal";
    put(this.equal, "equal.what", {}, "title");
    $("net-tools").prepend(this.equal);
    $("weight").append(
      ...["layer", "from", "to", "value"].map((name) => labelled(`weight.${name}`, this[/** @type {"layer"} */ (name)])),
      this.sliding,
      h("button", { type: "submit", "data-w": "weight.set" }),
      (this.error = h("p", { class: "error", role: "alert", "data-field": "weight" })),
    );
    this.model.on("refused", ({ field, sentence }) => field === "weight" && (this.error.textContent = sentence));
    $("weight").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  send() {
    this.error.textContent = "";
    this.model.ask("weight", { net: this.model.view.unit_net, ...this.place(), value: read(decimal(this.value.value)) }, "weight");
  }

  /** What the form says. @returns {import("./net.js").Place} */
  place() {
    const bias = this.from.value === "b";
    return { layer: Number(this.layer.value), kind: bias ? "b" : "w", i: Number(this.to.value), j: bias ? 0 : Number(this.from.value) };
  }

  /** @param {import("./net.js").Place} place */
  chosen({ layer, kind, i, j }) {
    this.layer.value = layer;
    this.choices();
    this.from.value = kind === "b" ? "b" : j;
    this.to.value = i;
    this.show();
  }

  /** @param {string} name of the select that changed */
  follow(name) {
    if (name === "layer") this.choices();
    this.drawing.chosen = this.place();
    this.drawing.draw();
    this.show();
  }

  /** What can be chosen in this layer. */
  choices() {
    const net = this.drawing.net;
    const at = Number(this.layer.value);
    const layer = net?.layers[at];
    if (!layer) return;
    const number = (count, name) => Array.from({ length: count }, (_, each) => h("option", { value: each }, name(each)));
    this.from.replaceChildren(...number(layer.inputs, (each) => (at ? t("net.from", { unit: each + 1 }) : this.drawing.net?.names[each] ?? "")), ...(layer.biases ? [h("option", { value: "b" }, t("net.bias"))] : []));
    this.to.replaceChildren(...number(layer.outputs, (each) => t("net.from", { unit: each + 1 })));
    put(this.equal, "equal", { layer: at + 1 });
    this.equal.disabled = at === (net?.layers.length ?? 0) - 1;
  }

  /** The value of what is chosen. */
  show() {
    if (document.activeElement === this.value || document.activeElement === this.sliding) return;
    const value = this.drawing.value(this.place());
    this.value.value = value === undefined ? "" : short(value, 4);
    this.sliding.value = value ?? 0;
  }

  opened() {
    const { opened, state, view } = this.model;
    const { hidden } = opened.recipe;
    this.which.replaceChildren(...opened.nets.map((net, at) => h("option", { value: at }, this.named(net, at))));
    this.which.value = view.unit_net;
    this.which.hidden = opened.nets.length < 2;
    const layers = hidden.map((units, at) => this.stepper(units, at));
    $("layers").replaceChildren(
      this.small("−", "layer.less", () => this.shape((now) => now.slice(0, -1)), !hidden.length),
      put(h("span", { class: "count" }), "layers.count", { count: hidden.length }),
      this.small("+", "layer.more", () => this.shape((now) => [...now, now.at(-1) ?? 8]), hidden.length >= MOST_LAYERS),
      ...(state.widths ? [] : layers),
    );
    translate($("layers"));
  }

  named(net, at) {
    return this.model.state.widths ? t("net.wide", { net: at + 1, units: net.hidden[0] }) : t("net.number", { net: at + 1, seed: net.seed });
  }

  stepper(units, at) {
    const other = (by) => this.shape((now) => now.map((each, place) => (place === at ? Math.max(1, Math.min(MOST_UNITS, each + by)) : each)));
    const by = units >= 16 ? 4 : 1;
    return h(
      "span",
      { class: "stepper" },
      this.small("−", "unit.less", () => other(-by), units <= 1, { layer: at + 1 }),
      h("span", { class: "count" }, String(units)),
      this.small("+", "unit.more", () => other(by), units >= MOST_UNITS, { layer: at + 1 }),
    );
  }

  /** @param {string} sign @param {string} key @param {() => void} pressed @param {boolean} off @param {Record<string, any>} [values] */
  small(sign, key, pressed, off, values = {}) {
    const made = h("button", { type: "button", class: "small", click: pressed, disabled: off, "data-key": key + (values.layer ?? "") }, sign);
    put(made, key, values, "aria-label");
    return put(made, key, values, "title");
  }

  /** Other layers; the button that was pressed keeps the focus. @param {(now: number[]) => number[]} other */
  async shape(other) {
    const key = document.activeElement?.getAttribute("data-key");
    await this.model.replaceFields(({ hidden }) => ({ hidden: other(hidden) }));
    if (key) $("layers").querySelector(`[data-key="${key}"]`)?.focus();
  }

  units() {
    const { units, opened } = this.model;
    const { columns } = units;
    const layers = [];
    let thumbnail = 0;
    const pictures = columns.units;
    const side = pictures?.shape[1] ?? 0;
    const flat = pictures?.shape.length === 2;
    const size = flat ? side : side * side;
    for (let at = 0; columns[`w${at}`]; at++) {
      const [outputs, inputs] = columns[`w${at}`].shape;
      const hidden = at < units.hidden.length;
      const thumbnails = hidden && side ? pictures.values.subarray(thumbnail * size, (thumbnail + outputs) * size) : null;
      if (hidden) thumbnail += outputs;
      layers.push({ inputs, outputs, weights: columns[`w${at}`].values, biases: columns[`b${at}`]?.values ?? null, thumbnails });
    }
    const inputs = layers[0]?.inputs ?? 0;
    const names = inputs === opened.inputs.length ? opened.inputs : Array.from({ length: inputs }, (_, at) => `x${at + 1}`); // encoded ones are more
    const same = this.drawing.net?.layers.map((each) => each.outputs).join() === layers.map((each) => each.outputs).join() && this.drawing.net?.names.join() === names.join();
    this.drawing.show(layers.length ? { layers, side, flat, names, classes: opened.classes } : null);
    $("weight").hidden = !layers.length;
    if (!same || !this.layer.options.length) this.relayer(layers.length);
    if (!same) this.drawing.chosen = null; // it was of another net
    this.show();
  }

  relayer(count) {
    const before = this.layer.value;
    this.layer.replaceChildren(...Array.from({ length: count }, (_, at) => h("option", { value: at }, at === count - 1 ? t("net.last") : String(at + 1))));
    this.layer.value = Number(before) < count ? before || "0" : "0";
    this.choices();
  }
}
