// Lessons: a question, a prediction written down before the run, the run, and the prediction scored.
import * as address from "./address.js";
import { decided } from "./claims.js";
import { Control, button, cards, entered, headed, header, labelled } from "./controls.js";
import { h } from "./dom.js";
import { ask } from "./files.js";
import { job } from "./jobs.js";
import { says, translate } from "./words.js";

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.host = host;
    this.model = model;
    /** @type {any[]} */
    this.lessons = [];
    /** @type {Record<string, any>} with what was changed */
    this.states = {};
    /** @type {Record<string, HTMLElement>} */
    this.answers = {};
    this.collects = false;
    this.only = false;
    /** @type {any} */
    this.form = null;
    host.classList.add("read");
    model.on("welcome", () => host.hidden || this.form || this.show());
  }

  async show() {
    if (!this.lessons.length) {
      const found = await ask("lessons");
      this.lessons = found.lessons ?? [];
      this.collects = found.collects;
      this.only = found.only;
      if (found.problems) this.model.tell("note", { sentence: found.problems });
    }
    const chosen = this.lessons.find((each) => each.name === address.read().lesson);
    const [before, kept] = [this.form?.id, this.form ? [...new FormData(this.form)] : []];
    this.form = null;
    const parts = chosen ? this.lesson(chosen) : this.list();
    this.host.replaceChildren(...parts);
    if (before === this.form?.id) for (const [name, value] of kept) this.form.elements[name].value = value; // another language: what was written stays
    translate(this.host);
  }

  /** @param {string|null} lesson */
  go(lesson) {
    address.write({ lesson });
    this.show().then(() => entered("lessons", lesson));
  }

  list() {
    return [header("lessons"), cards(this.lessons, (name) => this.go(name))];
  }

  lesson(lesson) {
    const state = this.states[lesson.name] ??= structuredClone(lesson.state);
    const answered = this.answers[lesson.name] ??= h("div", { id: "answered", class: "stack", "aria-live": "polite" });
    const form = (this.form = h("form", { class: "stack", id: `lesson-${lesson.name}`, submit: (event) => this.answer(event, lesson, state, form, answered) }));
    const name = labelled("lessons.name", h("input", { type: "text", name: "name", maxlength: 200 }));
    const note = labelled("lessons.note", h("textarea", { name: "note", rows: 2, maxlength: 2000 }));
    form.append(h("p", {}, h("strong", { "data-w": "lessons.predict" })), says("p", lesson.quantity), this.prediction(lesson), ...(this.collects ? [name, note] : []), ...this.changes(lesson, state), h("button", { type: "submit", class: "primary", "data-w": "lessons.run" }));
    const play = button("lessons.play", () => this.play(state), "quiet");
    return [
      headed("lessons", lesson, this.only ? null : () => this.go(null)),
      ...lesson.text.map((text) => says("p", text, "text")),
      h("section", { class: "card stack" }, form, answered),
      h("div", { class: "line" }, play),
    ];
  }

  prediction(lesson) {
    const choices = Object.entries(lesson.choices);
    if (!choices.length) return h("input", { type: "text", name: "prediction", inputmode: "decimal", autocomplete: "off", "data-w-aria-label": "lessons.number" });
    const labels = choices.map(([value, words]) => h("label", { class: "check" }, h("input", { type: "radio", name: "prediction", value }), says("span", words)));
    return h("fieldset", {}, h("legend", { class: "unseen", "data-w": "lessons.predict" }), h("div", { class: "line" }, ...labels));
  }

  /** Controls for what may be changed. */
  changes(lesson, state) {
    const rules = Object.fromEntries(this.model.live.welcome?.fields.map((rule) => [rule.name, rule]) ?? []);
    const controls = lesson.change.map((name) => {
      const data = name.startsWith("data.");
      const own = data ? name.slice(5) : name;
      const rule = rules[name] ?? { name, kind: "number", default: 0, choices: [], range: "", sentence: "" };
      const part = data ? state.data : name === "nets" ? state : state.recipe;
      return new Control(rule, part[own] ?? rule.default, (value) => (part[own] = value), data ? name : name === "nets" ? "nets.nets" : undefined).element;
    });
    return controls.length ? [h("details", {}, h("summary", { "data-w": "lessons.change" }), h("div", { class: "narrow" }, ...controls))] : [];
  }

  /** @param {Event} event @param {HTMLFormElement} form @param {HTMLElement} host */
  async answer(event, lesson, state, form, host) {
    event.preventDefault();
    const given = new FormData(form);
    const written = (name) => given.get(name) ?? "";
    const what = { lesson: lesson.name, prediction: written("prediction"), state, name: written("name"), note: written("note") };
    form.inert = true; // what is written down stays as it is
    const value = await job(this.model, host, "answer", what);
    form.inert = false;
    if (value) host.append(...this.answered(lesson, value));
    translate(host);
  }

  answered(lesson, { right, head, told, why, aside, decided: found, collected }) {
    const next = lesson.try_next.map((each) => says("li", each));
    const say = (kind, words) => (words ? [says("p", words, kind || null)] : []);
    return [...say(`answer ${right ? "holds" : ""}`, head), ...(found ? [decided(found)] : say("", told)), ...say("error", aside), ...say("", why), ...say("muted", collected), ...(next.length ? [h("h3", { "data-w": "lessons.next" }), h("ul", { class: "plain" }, ...next)] : [])];
  }

  async play(state) {
    await this.model.open(state);
    this.model.tell("view", "play");
  }
}
