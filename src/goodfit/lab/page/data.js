// What the nets learn from: a drawn data set, points of one's own, or a table of one's own; and how many nets learn.
import { Control, button, hints } from "./controls.js";
import { $, h } from "./dom.js";
import { upload } from "./files.js";
import { of, says, t, translate } from "./words.js";

const DRAW = "(draw)";
const FILE = "(file)";

export class DataPanel {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Control[]} */
    this.controls = [];
    /** @type {{name: string, columns: string[]}|null} */
    this.file = null;
    /** @type {string[]} what is wrong with the file that was chosen last */
    this.problems = [];
    hints($("data-panel"), $("hint"));
    model.on("welcome", () => this.opened());
    model.on("opened", () => {
      this.problems = [];
      if (model.state.data.points || (model.state.data.file && this.pending === FILE)) this.pending = undefined;
      this.opened();
    });
    model.on("lacks", () => this.waits());
    model.on("refused", ({ sentence, field }) => this.controls.find((each) => each.rule.name === field)?.refuse(sentence));
    document.addEventListener("language", () => this.opened());
    for (const kind of ["dragover", "drop"])
      document.addEventListener(kind, (event) => {
        event.preventDefault();
        const [dropped] = /** @type {DragEvent} */ (event).dataTransfer?.files ?? [];
        if (kind === "drop" && dropped) this.take(dropped);
      });
  }

  /** What is chosen. */
  get choice() {
    const { data } = this.model.state;
    return data.points ? DRAW : data.file ? FILE : data.name;
  }

  opened() {
    const { state, live } = this.model;
    if (!state || !live.welcome) return;
    const focused = document.activeElement?.closest(".field")?.getAttribute("data-field");
    this.controls = [];
    $("data").replaceChildren(this.chooser(live.welcome.data), ...this.own(), h("p", { class: "small muted", id: "divided" }, of(this.model.opened.divided)), says("p", this.model.opened.few, "error"));
    $("nets").replaceChildren(...this.nets());
    translate($("data-panel"));
    if (focused && !document.activeElement?.closest(".field")) $("data-panel").querySelector(`[data-field="${focused}"] :is(input, select)`)?.focus();
  }

  chooser(known) {
    const select = h("select", { id: "data-name", change: () => this.pick(select.value) });
    select.append(...known.map(({ name, label }) => h("option", { value: name }, of(label))), h("option", { value: DRAW }, t("data.draw")), h("option", { value: FILE }, t("data.file")));
    select.value = this.pending ?? this.choice;
    return h("div", { class: "field name", "data-field": "name" }, h("label", { for: "data-name", "data-w": "data.set" }), select);
  }

  pick(name) {
    const { model } = this;
    this.pending = name === FILE || name === DRAW ? name : undefined;
    this.problems = [];
    model.blank = name === DRAW;
    if (model.blank) model.pause();
    model.tell("drawing", model.blank);
    if (this.pending) this.opened();
    else model.replace({ data: { name } });
  }

  own() {
    const choice = this.pending ?? this.choice;
    if (choice === FILE) return this.fileControls();
    if (choice === DRAW) return [h("p", { class: "small", "data-w": "draw.how" })];
    const entry = this.model.live.welcome?.data.find((each) => each.name === choice);
    const { data } = this.model.state;
    const given = { ...(entry?.parameters ?? {}), ...data };
    return Object.entries(given)
      .filter(([name]) => name !== "name" && name !== "n_train" && name !== "n_test")
      .map(([name, value]) => {
        const { span, ...sentence } = entry?.knobs[name] ?? {};
        return this.made({ name, kind: "number", sentence, span }, value, (changed) => this.model.replace((now) => ({ data: { ...now.data, [name]: changed } }), name), `data.${name}`);
      });
  }

  /** @param {any} own what its rule says @param {(value: any) => void} changed @param {string} key of its label */
  made(own, value, changed, key) {
    const made = new Control({ default: value, choices: [], range: "", ...own }, value, changed, key);
    this.controls.push(made);
    return made.element;
  }

  fileControls() {
    const chosen = h("input", { type: "file", id: "file", accept: this.model.live.welcome?.tables.join(), change: () => chosen.files[0] && this.take(chosen.files[0]) });
    const parts = [h("div", { class: "drop" }, h("label", { for: "file", "data-w": "file.choose" }), chosen, h("div", { id: "file-error", role: "alert" }, says("p", this.problems, "error")))];
    const { data } = this.model.lacks ?? this.model.state;
    const { name, columns } = this.file ?? { name: data.file, columns: [data.target] }; // loaded anew, the page knows no more
    if (name) {
      const target = h("select", { id: "target", change: () => target.value && this.model.replace({ data: { file: name, target: target.value } }) });
      target.append(h("option", { value: "" }, t("file.target.choose")), ...columns.map((each) => h("option", { value: each }, each)));
      if (data.file === name) target.value = data.target;
      parts.push(h("p", { class: "small" }, name), h("div", { class: "field name" }, h("label", { for: "target", "data-w": "file.target" }), target));
    }
    return parts;
  }

  /** Send a file to the server, which reads it with the reader of the command line. @param {File} file */
  async take(file) {
    this.pending = FILE;
    const answer = await upload(file);
    this.file = answer.columns ? { name: answer.file, columns: answer.columns } : null;
    this.problems = answer.problems ?? [];
    this.opened();
    const { lacks, state, whole } = this.model;
    if (this.file && this.file.name === (lacks ?? state)?.data.file) await this.model.open(lacks ?? whole, { quietly: true }); // it had gone with a server, or is another by now
  }

  /** Ask for the file that is gone. */
  waits() {
    this.pending = FILE;
    this.opened();
  }

  nets() {
    const { state } = this.model;
    const mixed = Boolean(state.widths);
    const box = h("input", { type: "checkbox", id: "mixed" });
    box.checked = mixed;
    box.addEventListener("change", () => this.model.replace(box.checked ? { widths: [1, 2, 4, 8, 16, 32] } : { nets: 8 }));
    const count = mixed
      ? this.number("widths", state.widths, undefined, (widths) => this.model.replace({ widths: [widths].flat() }, "widths"), true)
      : this.number("nets", state.nets, { low: 1, high: 256, log: true, whole: true }, (nets) => this.model.replace({ nets }, "nets"));
    const seed = this.number("first_seed", state.seed, { low: 0, high: 20, whole: true }, (value) => this.model.replace({ seed: value }, "first_seed"));
    const again = button("nets.other", () => this.model.replace((now) => ({ seed: now.seed + (now.nets ?? now.widths.length) })), "quiet"); // the next seeds
    return [count, h("label", { class: "check" }, box, h("span", { "data-w": "nets.mixed" })), seed, again];
  }

  /** @param {string} name @param {import("./controls.js").Span|undefined} span @param {(value: any) => void} changed */
  number(name, value, span, changed, many = false) {
    return this.made({ name, kind: "integer", many, span, sentence: t(`nets.help.${name}`) }, value, changed, `nets.${name}`);
  }
}
