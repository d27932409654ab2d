// A claim: a sentence about this state, which pairs of nets decide: it holds, it does not, or nobody can tell yet.
import { button } from "./controls.js";
import { h, short } from "./dom.js";
import { ask } from "./files.js";
import { job } from "./jobs.js";
import { of, put, says } from "./words.js";

export class Claims {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    /** @type {any[]|undefined} */
    this.claims = undefined;
    this.select = h("select", { id: "claim", "data-w-aria-label": "claim" });
    this.run = button("claim.ask", () => this.ask(16, 1), "primary");
    this.answer = h("div", { id: "claimed", class: "stack", "aria-live": "polite" });
    model.on("opened", () => this.answer.replaceChildren());
  }

  parts() {
    return [h("div", { class: "line" }, this.select), this.run, this.answer];
  }

  async show() {
    const chosen = this.select.value;
    const claims = (this.claims ??= (await ask("claims")).claims ?? []);
    this.select.replaceChildren(...claims.map((each) => h("option", { value: each.name }, of(each.sentence))));
    if (chosen) this.select.value = chosen;
  }

  /** @param {number} pairs of nets @param {number} look at this claim: each further one widens the interval @param {string} name of the claim */
  async ask(pairs, look, name = this.select.value) {
    this.run.disabled = true;
    const value = await job(this.model, this.answer, "claim", { name, pairs, look, state: this.model.whole });
    this.run.disabled = false;
    if (!value) return;
    this.answer.append(decided(value));
    const wanted = value.answer === "cannot-tell" ? Math.min(128, value.pairs + (value.more ?? 0)) : 0;
    if (wanted <= value.pairs) return;
    this.answer.append(put(button("claim.more", () => this.ask(wanted, value.look + 1, name)), "claim.more", { pairs: wanted - value.pairs }));
  }
}

/** A decided claim: the answer in a word, the sentence, the interval drawn, and how it was found. */
export function decided(value) {
  const word = put(h("p", { class: `answer ${value.answer}` }), `answer.${value.answer}`);
  return h("article", { class: "decided stack" }, word, says("p", value.sentence, "lead"), interval(value), says("p", value.evidence));
}

/** An interval as a bar about zero. @param {{low: number, high: number, difference: number}} given */
function interval({ low, high, difference }) {
  const far = 1.15 * Math.max(Math.abs(low), Math.abs(high), Math.abs(difference), 1e-12);
  const at = (value) => `${50 + (50 * value) / far}%`;
  const [bar, dot] = [h("span", { class: "reach" }), h("span", { class: "point" })];
  bar.style.left = at(low);
  bar.style.width = `${(50 * (high - low)) / far}%`;
  dot.style.left = at(difference);
  return put(h("div", { class: "interval", role: "img" }, h("span", { class: "zero" }), bar, dot), "claim.interval", { difference: short(difference), low: short(low), high: short(high) }, "aria-label");
}
