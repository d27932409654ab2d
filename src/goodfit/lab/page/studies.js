// Studies: the chapter's experiments with sliders made from their declarations; the server runs one, and draws its page.
import * as address from "./address.js";
import { Control, button, cards, entered, headed, header } from "./controls.js";
import { h } from "./dom.js";
import { ask } from "./files.js";
import { Frame } from "./frame.js";
import { job } from "./jobs.js";
import { language, put, translate } from "./words.js";

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.part = h("div", { class: "parts" });
    this.model = model;
    this.studies = [];
    /** @type {Record<string, Record<string, any>>} values of the parameters, by study */
    this.values = {};
    /** @type {Record<string, Control>} of the study that is open */
    this.controls = {};
    this.turn = 0;
    this.runs = false;
    this.status = h("div", { id: "studied" });
    this.frame = new Frame("tab.studies");
    host.classList.add("read");
    host.append(this.part, this.status, this.frame.element); // a frame that is moved loads its page again
    model.on("refused", ({ sentence, field }) => this.controls[field]?.refuse(sentence));
  }

  async show() {
    if (!this.studies.length) this.studies = (await ask("studies")).studies ?? [];
    const chosen = this.studies.find((each) => each.name === address.read().study);
    this.part.replaceChildren(...(chosen ? this.study(chosen) : [header("studies"), cards(this.studies, (name) => this.go(name))]));
    translate(this.part);
    if (chosen) return this.run(chosen);
    this.frame.element.replaceChildren();
    return this.stopped();
  }

  hide() {
    this.stopped();
  }

  /** @param {string|null} study */
  go(study) {
    address.write({ study });
    this.show();
    entered("studies", study);
  }

  study(study) {
    const { name, section, parameters, lesson } = study;
    const values = (this.values[name] ??= Object.fromEntries(parameters.map(({ rule, value }) => [rule.name, value])));
    const control = ({ rule }) => {
      const changed = (value) => {
        values[rule.name] = value;
        this.run(study);
      };
      const made = new Control(rule, values[rule.name], changed);
      this.controls[(made.element.dataset.field = `study.${rule.name}`)] = made;
      return made.element;
    };
    this.controls = {};
    const link = put(button("studies.section", () => this.lesson(lesson), "quiet"), "studies.section", { section });
    return [
      headed("studies", study, () => this.go(null)),
      h("div", { class: "line" }, button("studies.play", () => this.play(study, values)), link),
      h("div", { class: "card sliders" }, ...parameters.map(control)),
    ];
  }

  /** Stop what runs for an earlier slider or study; the number of what may run now. */
  async stopped() {
    const turn = ++this.turn;
    if (this.runs) await this.model.ask("stop");
    return turn;
  }

  /** Run a study with the sliders as they stand. */
  async run({ name }) {
    const turn = await this.stopped();
    if (turn !== this.turn) return;
    for (const each of Object.values(this.controls)) each.refuse("");
    this.frame.element.classList.add("old"); // what it shows is of other values
    this.runs = !this.model.job;
    const found = await job(this.model, this.status, "study", { name, parameters: this.values[name], language });
    this.runs = false;
    if (found && turn === this.turn) this.frame.show(found.page);
  }

  /** Something like it in Play. */
  async play({ play }, values) {
    const state = JSON.stringify(play).replace(/"\{(\w+)(?:\*(\w+))?\}"/g, (_, name, times) => JSON.stringify(times ? Array(values[times]).fill(values[name]) : values[name]));
    await this.model.open(JSON.parse(state));
    this.model.tell("view", "play");
  }

  lesson(lesson) {
    address.write({ view: "lessons", lesson, study: null });
    window.dispatchEvent(new PopStateEvent("popstate"));
  }
}
