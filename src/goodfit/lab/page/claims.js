// A claim: a sentence about this state, which pairs of nets decide: it holds, it does not, or nobody can tell yet.
import { button } from "./controls.js";
import { h, short } from "./dom.js";
import { language, put, t, translate } from "./words.js";

/** Words in the page's language. @param {{en: string, zh: string}} words */
export const of = (words) => words[/** @type {"en"|"zh"} */ (language)] ?? words.en;

export class Claims {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.select = h("select", { id: "claim", "data-w-aria-label": "claim" });
    this.run = button("claim.ask", () => this.ask(), "primary");
    this.stop = button("stop", () => model.ask("stop"), "quiet");
    this.stop.hidden = true;
    this.answer = h("div", { id: "claimed", class: "stack", "aria-live": "polite" });
    model.on("progress", ({ job, share, sentence }) => job === "claim" && this.told(share, sentence));
    document.addEventListener("language", () => this.show());
  }

  parts() {
    return [h("div", { class: "line" }, this.select), h("div", { class: "line" }, this.run, this.stop), this.answer];
  }

  show() {
    const claims = this.model.live.welcome?.claims ?? [];
    const chosen = this.select.value;
    this.select.replaceChildren(...claims.map((/** @type {any} */ each) => h("option", { value: each.name }, of(each.sentence ?? each.words))));
    if (chosen) this.select.value = chosen;
  }

  /** @param {number} share @param {string} sentence */
  told(share, sentence) {
    const bar = h("progress", { max: 1, value: share, "aria-label": sentence });
    this.answer.replaceChildren(bar, h("p", { class: "muted" }, sentence));
  }

  async ask() {
    [this.run.disabled, this.stop.hidden] = [true, false];
    const answer = await this.model.ask("claim", { name: this.select.value });
    [this.run.disabled, this.stop.hidden] = [false, true];
    this.answer.replaceChildren();
    if (answer && answer.say === "claimed") this.answer.append(decided(answer.value));
    translate(this.answer);
  }
}

/** A decided claim: the answer in a word, the sentence, the interval drawn, and how it was found. @param {any} value */
export function decided(value) {
  const word = h("p", { class: `answer ${value.answer}` });
  put(word, `answer.${value.answer}`);
  return h("article", { class: "decided stack" }, word, h("p", { class: "lead" }, of(value.sentence)), interval(value), h("p", {}, of(value.told)));
}

/** An interval as a bar about zero. @param {{low: number, high: number, difference: number}} given */
export function interval({ low, high, difference }) {
  const far = 1.15 * Math.max(Math.abs(low), Math.abs(high), Math.abs(difference), 1e-12);
  const at = (/** @type {number} */ value) => `${50 + (50 * value) / far}%`;
  const bar = h("span", { class: "reach" });
  const dot = h("span", { class: "point" });
  bar.style.left = at(low);
  bar.style.width = `${(50 * (high - low)) / far}%`;
  dot.style.left = at(difference);
  return h("div", { class: "interval", role: "img", "aria-label": t("claim.interval", { difference: short(difference), low: short(low), high: short(high) }) }, h("span", { class: "zero" }), bar, dot);
}
