// Choose: how large a net, by the capacity curve; how good, by folds; and once, at the end, by the sealed test set.
import { Chart, legend, table } from "./charts.js";
import { button, header, section } from "./controls.js";
import { $, h, short } from "./dom.js";
import { job } from "./jobs.js";
import { put, t, translate } from "./words.js";

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.model = model;
    host.classList.add("read");
    const box = (key, value) => h("label", { class: "mini" }, h("span", { "data-w": key }), h("input", { type: "text", id: key.replace(".", "-"), value }));
    this.curve = h("div", { class: "chart" });
    const place = (id) => h("div", { id, class: "stack", "aria-live": "polite" });
    this.grown = place("capacity-job");
    this.folded = place("folded");
    this.sealed = place("sealed");
    host.append(
      header("choose"),
      section("capacity", h("div", { class: "line ends" }, box("capacity.widths", "1, 2, 4, 8, 16, 32, 64"), box("capacity.nets", "4"), button("capacity.run", () => this.grow(), "primary")), this.grown, this.curve),
      section("folds", h("div", { class: "line ends" }, box("folds.k", "5"), button("folds.run", () => this.fold())), this.folded),
      section("seal", this.sealed),
    );
    this.chart = new Chart(this.curve, "capacity.title", { wide: true, column: "capacity.width" });
    this.key = h("ul", { class: "legend" });
    this.fewer = h("p", { class: "small" });
    this.curve.append(this.key, this.fewer);
    this.curve.hidden = true;
    model.on("opened", () => {
      if (!model.job) this.folded.replaceChildren();
      this.curve.hidden = true;
      if (!host.hidden) this.show();
    });
    document.addEventListener("language", () => host.hidden || this.show());
  }

  async show() {
    this.chart.draw();
    const answer = await this.model.ask("seal");
    if (answer) this.closed(answer.value);
  }

  async grow() {
    const numbers = (id) => $(id).value.split(",").map(Number);
    const what = { widths: numbers("capacity-widths"), nets: numbers("capacity-nets")[0], state: this.model.state };
    const value = await job(this.model, this.grown, "capacity", what, (part) => this.draw(part, what.nets));
    if (value) this.draw(value, what.nets);
  }

  /** @param {any} grown @param {number} wanted nets of each width */
  draw({ points, epoch, epochs }, wanted) {
    this.curve.hidden = false;
    const line = (measure, look) => {
      const seen = points.filter((point) => point[measure] && point[measure].mean !== null);
      const of = (part) => seen.map((point) => point[measure][part] ?? point[measure].mean);
      return { ...look, epochs: seen.map((point) => point.width), mean: of("mean"), low: of("low"), high: of("high") };
    };
    const lines = [line("valid_loss", { key: "valid", ink: "--series-2" }), line("train_loss", { key: "train", ink: "--faint", dash: [5, 4] })].filter((each) => each.epochs.length);
    this.key.replaceChildren(...legend(lines));
    this.chart.show(lines, [], Infinity, Math.max(...points.map((point) => point.width)));
    const some = points.filter(({ train_loss: { nets } }) => nets < wanted && epoch);
    this.fewer.textContent = some.map((point) => `${t("capacity.width")} ${point.width}: ${t("frozen", { stuck: wanted - point.train_loss.nets, nets: wanted })}.`).join(" ");
    put(this.curve.querySelector("h4") ?? this.curve.insertAdjacentElement("afterbegin", h("h4")), "capacity.at", { epoch, epochs });
  }

  async fold() {
    const k = Number($("folds-k").value);
    const value = await job(this.model, this.folded, "folds", { k, state: this.model.state });
    if (!value) return;
    const names = ["valid_loss", "valid_score"].filter((name) => name in value.means);
    const heads = { valid_loss: t("folds.loss"), valid_score: t("folds.score") };
    const rows = value.folds.map((each, at) => [String(at + 1), ...names.map((name) => short(each[name], 4))]);
    const mean = names.map((name) => {
      const { mean: middle, low, high } = value.means[name];
      return short(middle, 4) + (low === null ? "" : ` (${short(low)}–${short(high)})`);
    });
    this.folded.append(h("div", { class: "scroll" }, table(t("folds.table"), [t("folds.fold"), ...names.map((name) => heads[/** @type {"valid_loss"} */ (name)])], [...rows, [t("folds.mean"), ...mean]])));
  }

  /** The test set as it lies there: rows, and how often it was opened. @param {{rows: number, openings: number}} value */
  closed({ rows, openings }) {
    const words = h("p", { id: "openings" });
    put(words, rows ? "seal.closed" : "seal.none", { rows, openings });
    const open = button("seal.open", () => (sure.hidden = false));
    const sure = h("div", { class: "line", hidden: true }, h("span", { "data-w": "seal.sure" }), button("seal.yes", () => this.unseal(), "primary"));
    this.sealed.replaceChildren(words, ...(rows ? [open, sure] : []));
    translate(this.sealed);
  }

  async unseal() {
    const answer = await this.model.ask("unseal");
    if (!answer) return;
    const said = h("p", { id: "unsealed", class: "lead" }, answer.value.sentence);
    await this.show();
    this.sealed.append(said);
  }
}

