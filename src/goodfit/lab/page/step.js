// Step: one batch of one net in slow motion. Forward, loss, backward term by term, update; every number from the engine.
import { table } from "./charts.js";
import { button, header } from "./controls.js";
import { h, short } from "./dom.js";
import { of, put, says, t, translate, working } from "./words.js";

const MOST = 12; // rows or columns of a matrix that is shown

/** @typedef {{phase: string, name: string, title: string, show: () => Node[]}} Stage */

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.model = model;
    this.found = null;
    /** @type {Stage[]} */
    this.stages = [];
    this.at = 0;
    this.net = h("select", { id: "step-net", "data-w-aria-label": "net.which", change: () => this.ask() });
    this.rows = h("select", { id: "step-rows", "data-w-aria-label": "step.rows", change: () => this.ask() }, ...[1, 2, 4, 8].map((each) => h("option", { value: each }, String(each))));
    this.rows.value = "4";
    this.chain = h("div", { id: "chain" });
    this.stage = h("section", { id: "stage", class: "card", "aria-live": "polite" });
    this.strip = h("section", { id: "strip", class: "card" });
    /** The state before the presets. @type {any} */
    this.mine = null;
    this.way = button("step.mine", () => this.mine && working(this.said, model.open(this.mine)), "quiet");
    this.way.hidden = true;
    this.said = h("p", { class: "muted", role: "status" });
    this.presets = h("div", { class: "line", role: "group", "data-w-aria-label": "presets" });
    this.back = button("back", () => this.go(this.at - 1));
    this.next = button("step.next", () => this.go(this.at + 1), "primary");
    this.take = button("step.take", () => this.once());
    host.classList.add("read");
    host.append(
      header("step"),
      this.presets,
      h("div", { class: "line" }, this.net, h("label", { class: "check" }, h("span", { "data-w": "step.rows" }), this.rows), this.back, this.next, this.take),
      this.said,
      this.chain,
      this.stage,
      this.strip,
    );
    model.on("opened", () => {
      this.mine = null;
      this.way.hidden = true;
      for (const part of [this.chain, this.stage, this.strip]) part.replaceChildren();
      if (!host.hidden) this.show();
    });
  }

  show() {
    const { opened, live } = this.model;
    if (!opened) return;
    const presets = (live.welcome?.presets ?? []).map(({ label, recipe }) => h("button", { type: "button", click: () => this.preset(recipe) }, of(label)));
    this.presets.replaceChildren(put(h("span", { class: "muted" }), "presets"), ...presets, this.way);
    this.net.replaceChildren(...opened.nets.map((net, at) => h("option", { value: at }, t("net.number", { net: at + 1, seed: net.seed }))));
    this.net.value = Math.min(this.model.view.unit_net, opened.nets.length - 1);
    this.ask();
  }

  async ask() {
    const before = this.stages[this.at]?.name;
    const answer = await working(this.said, this.model.ask("explain", { net: Number(this.net.value), rows: Number(this.rows.value) }));
    if (!answer) return;
    this.found = answer.value;
    this.lay();
    this.go(Math.max(0, this.stages.findIndex((stage) => stage.name === before)));
  }

  /** Take the step with all nets, and look again. */
  async once() {
    await working(this.said, this.model.ask("step", { epochs: 1 }));
    await this.ask();
  }

  /** Begin with other nets; those before are kept until something else is opened. @param {Record<string, any>} recipe */
  async preset(recipe) {
    const mine = this.mine ?? this.model.whole;
    if (!(await working(this.said, this.model.replaceFields(recipe)))) return;
    this.mine = mine;
    this.way.hidden = false;
  }

  /** The stages in order: the nodes forward, the edges backward, the checks, the update. */
  lay() {
    const { nodes, edges, differences, update } = this.found;
    const forward = nodes.map((node) => ({
      phase: node.kind === "objective" || ["l", "L", "s"].includes(node.name) ? "loss" : "forward",
      name: node.name,
      title: node.formula && node.kind !== "input" ? `${node.name} = ${of(node.formula)}` : node.name,
      show: () => [matrix(node.name, node.value, of(node.formula))],
    }));
    const backward = edges.map((edge) => ({
      phase: "backward",
      name: `${edge.start}←${edge.end}`,
      title: of(edge.rule),
      show: () => [matrix(of(edge.rule), edge.gradient), ...this.checked(edge)],
    }));
    const updates = Object.entries(update.tensors).map(([name, { before, after }]) => ({
      phase: "update",
      name: `${name}′`,
      title: t("step.update", { name, rate: short(update.rate), optimizer: update.optimizer }),
      show: () => [matrix(t("step.before", { name }), before), matrix(t("step.after", { name }), after), h("p", { class: "muted" }, t("step.moved", { before: short(update.before, 5), after: short(update.after, 5) }))],
    }));
    this.differences = differences;
    this.stages = [...forward, ...backward, ...updates];
    const phases = ["forward", "loss", "backward", "update"];
    this.chain.replaceChildren(
      ...phases.map((phase) =>
        h("div", { class: "phase", role: "group", "data-w-aria-label": `phase.${phase}` }, h("h3", { "data-w": `phase.${phase}` }), h("div", { class: "chips" }, ...this.stages.map((stage, at) => (stage.phase === phase ? h("button", { type: "button", class: "chip", "data-at": at, click: () => this.go(at) }, stage.name) : "")))),
      ),
    );
    translate(this.chain);
    this.layStrip();
    this.go(this.at);
  }

  /** The finite differences beside a gradient of a parameter. */
  checked(edge) {
    const own = this.differences[edge.start];
    if (!own || !edge.end.startsWith("z")) return [];
    const rows = own.at.slice(0, MOST).map((place, at) => [String(place + 1), short(own.gradient[at], 6), short(own.difference[at], 6)]);
    const words = h("p", {}, t(own.right ? "check.right" : "check.wrong", { error: short(own.error, 2) }));
    return [table(t("check.title", { name: edge.start }), [t("check.place"), t("check.gradient"), t("check.difference")], rows), words];
  }

  go(at) {
    if (!this.stages.length) return;
    this.at = Math.max(0, Math.min(this.stages.length - 1, at));
    const stage = this.stages[this.at];
    for (const chip of this.chain.querySelectorAll(".chip")) chip.ariaCurrent = Number(chip.dataset.at) === this.at ? "step" : null;
    const count = h("p", { class: "muted small" }, t("step.of", { at: this.at + 1, all: this.stages.length, phase: t(`phase.${stage.phase}`) }));
    const rest = this.found.left_out.map((sentence) => says("p", sentence, "muted small"));
    this.stage.replaceChildren(count, h("h3", { class: "formula" }, stage.title), h("div", { class: "matrices" }, ...stage.show()), ...rest);
    this.back.disabled = this.at === 0;
    this.next.disabled = this.at === this.stages.length - 1;
  }

  /** By layer: how large the signal is, and the gradient; bars on a scale of powers of ten. */
  layStrip() {
    const rows = this.found.strip;
    const bars = (which) => {
      const powers = rows.map((row) => Math.log10(Math.max(row[which], 1e-12)));
      const [low, high] = [Math.min(...powers, -4), Math.max(...powers, 1)];
      return rows.map((row, at) => {
        const bar = h("span", { class: "bar", "aria-hidden": "true" });
        bar.style.width = `${(6 * (powers[at] - low)) / (high - low)}rem`;
        return h("span", { class: "barred" }, bar, short(row[which]));
      });
    };
    const [first, second] = [bars("signal"), bars("gradient")];
    this.strip.replaceChildren(put(h("h3"), "strip"), h("div", { class: "scroll" }, table(t("strip.caption"), [t("strip.layer"), t("strip.signal"), t("strip.gradient")], rows.map((row, at) => [String(at + 1), first[at], second[at]]))));
  }
}

/** Numbers as a table whose cells are shaded by size: a number, a column, or a matrix. @param {string} [formula] */
function matrix(caption, value, formula = "") {
  if (!Array.isArray(value)) return h("p", { class: "scalar" }, short(value, 6));
  const rows = value.map((each) => (Array.isArray(each) ? each : [each]));
  const most = Math.max(...rows.flat().map(Math.abs), 1e-12);
  const shown = rows.slice(0, MOST).map((row, at) => [
    String(at + 1),
    ...row.slice(0, MOST).map((each) => {
      const cell = h("span", { class: each < 0 ? "cell minus" : "cell" }, short(each, 4));
      cell.style.setProperty("--share", `${Math.round((34 * Math.abs(each)) / most)}%`);
      return cell;
    }),
  ]);
  const head = [t("check.place"), ...Array.from({ length: Math.min(rows[0]?.length ?? 0, MOST) }, (_, at) => String(at + 1))];
  const left = rows.length > MOST || (rows[0]?.length ?? 0) > MOST;
  return h("div", { class: "scroll matrix", tabindex: "0", role: "region", "aria-label": caption }, table(formula && !caption.includes("=") ? `${caption}: ${formula}` : caption, head, shown), ...(left ? [h("p", { class: "small" }, t("step.left", { rows: rows.length, columns: rows[0].length }))] : []));
}

