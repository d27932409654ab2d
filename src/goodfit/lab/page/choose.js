// Choose: how large a net, how good, which optimiser and setting; and once, at the end, the sealed test set.
import { Chart, legend } from "./charts.js";
import { button, header, labelled, read, section } from "./controls.js";
import { $, CLASS_INKS, h } from "./dom.js";
import { job, told } from "./jobs.js";
import { Picture } from "./picture.js";
import { put, says, translate } from "./words.js";

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.model = model;
    host.classList.add("read");
    const box = (key, value) => labelled(key, h("input", { type: "text", id: key.replace(".", "-"), value }));
    /** @type {Record<string, HTMLElement>} */
    this.places = {};
    /** @type {Record<string, any>} what each job came to */
    this.came = {};
    const place = (id) => (this.places[id] = h("div", { id, class: "stack", "aria-live": "polite" }));
    const drawn = (id, key) => h("div", { id, class: "chart", hidden: true }, h("h4", { "data-w": key }));
    const part = (name, boxes, run, ...more) => section(name, h("div", { class: "line ends" }, ...boxes, run), place(`${name}-job`), place(`${name}-told`), ...more);
    this.keys = [h("ul", { class: "legend" }), h("ul", { class: "legend" })];
    this.drawn = [drawn("capacity-chart", "capacity.title"), drawn("race-chart", "race.loss"), drawn("race-slice", "race.surface")];
    const [capacity, race, surface] = this.drawn;
    host.append(
      header("choose"),
      part("capacity", [box("capacity.widths", "1, 2, 4, 8, 16, 32, 64"), box("capacity.nets", "4")], button("capacity.run", () => this.grow(), "primary"), capacity),
      part("folds", [box("folds.k", "5")], button("folds.run", () => this.have("folds", { k: number("folds-k") }))),
      part("race", [box("race.runners", "sgd 0.1, rmsprop 0.01, adam 0.01, lion 0.001"), box("race.nets", "4")], button("race.run", () => this.race()), race, surface),
      part("search", [box("search.space", "learning_rate=0.001..0.1:log; hidden=4,16,16x16"), box("search.settings", "27")], button("search.run", () => this.have("search", { space: $("search-space").value, settings: number("search-settings") }))),
      section("seal", place("sealed")),
    );
    this.chart = new Chart(capacity, "capacity.title", { wide: true, column: "capacity.width" });
    this.laps = new Chart(race, "race.loss", { log: true });
    this.slice = new Picture(surface, "race.surface");
    [capacity, race].forEach((own, at) => own.append(this.keys[at]));
    model.on("opened", () => {
      this.came = {};
      this.places.sealed.dataset.now = "";
      for (const each of this.drawn) each.hidden = true;
      for (const [id, each] of Object.entries(this.places)) if (id.endsWith("-told")) each.replaceChildren();
      if (!host.hidden) this.show();
    });
  }

  async show() {
    for (const [name, value] of Object.entries(this.came)) told(this.model, this.places[`${name}-told`], value);
    for (const each of [this.chart, this.laps, this.slice]) {
      each.draw();
      each.own.renew();
    }
    const answer = await this.model.ask("seal");
    if (answer) this.closed(answer.value);
  }

  /** Have a job done, and show what it comes to, also on the way. @param {(value: any) => void} [draw] */
  async have(name, what, draw = () => {}) {
    const show = (value) => {
      draw(value);
      this.came[name] = value;
      told(this.model, this.places[`${name}-told`], value);
    };
    const value = await job(this.model, this.places[`${name}-job`], name, { ...what, state: this.model.state }, show);
    if (value) show(value);
  }

  grow() {
    return this.have("capacity", { widths: $("capacity-widths").value.split(",").map((each) => read(each.trim())), nets: number("capacity-nets") }, ({ points }) => {
      const line = (measure, look) => {
        const seen = points.filter((point) => point[measure] && point[measure].mean !== null);
        const part = (name) => seen.map((point) => point[measure][name] ?? point[measure].mean);
        return { ...look, epochs: seen.map((point) => point.width), mean: part("mean"), low: part("low"), high: part("high") };
      };
      const lines = [line("valid_loss", { key: "valid", ink: "--series-2" }), line("train_loss", { key: "train", ink: "--faint", dash: [5, 4] })];
      this.lines(0, this.chart, lines.filter((each) => each.epochs.length), Math.max(...points.map((point) => point.width)));
    });
  }

  race() {
    this.drawn[2].hidden = true;
    return this.have("race", { runners: $("race-runners").value, nets: number("race-nets") }, ({ lines, epochs, surface }) => {
      this.lines(1, this.laps, lines.map(({ name, ...line }, at) => ({ ...line, key: name, ink: CLASS_INKS[at] })), epochs);
      if (!surface) return;
      this.drawn[2].hidden = false;
      this.slice.points = surface.paths.flatMap(({ runner, at }) => at.map(([x, y]) => ({ x, y, label: runner, part: 0 })));
      this.slice.classes = lines.map(({ name }) => name);
      this.slice.show({ ...surface, kind: "surface", mean: [Float32Array.from(surface.loss)], spread: null });
    });
  }

  /** Show lines, and what they are. @param {Chart} chart @param {import("./charts.js").Line[]} lines */
  lines(at, chart, lines, end) {
    this.drawn[at].hidden = false;
    this.keys[at].replaceChildren(...legend(lines));
    chart.show(lines, [], Infinity, end);
  }

  /** The test set as it lies there: rows, and how often it was opened. @param {{rows: number, openings: number}} value */
  closed({ rows, openings }) {
    const now = `${rows} ${openings}`;
    if (this.places.sealed.dataset.now === now) return; // who has just pressed the button must find the next
    this.places.sealed.dataset.now = now;
    const words = put(h("p", { id: "openings" }), rows ? "seal.closed" : "seal.none", { rows, openings });
    const open = button("seal.open", () => (sure.hidden = false));
    const sure = h("div", { class: "line", hidden: true }, h("span", { "data-w": "seal.sure" }), button("seal.yes", () => this.unseal(), "primary"));
    this.places.sealed.replaceChildren(words, ...(rows ? [open, sure] : []));
    translate(this.places.sealed);
  }

  async unseal() {
    const answer = await this.model.ask("unseal");
    if (!answer) return;
    const said = says("p", answer.value.sentence, "lead");
    said.id = "unsealed";
    await this.show();
    this.places.sealed.append(said);
  }
}

/** The number in a box. */
const number = (id) => read($(id).value.trim());
