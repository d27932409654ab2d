// Controls: a label, a box for the value, a slider where there is a handy span, and one sentence that says what it does.
import { $, h, patient, short } from "./dom.js";
import { of, put, says, t, tOr } from "./words.js";

let made = 0;

/**
 * What a control edits. `span` gives it a slider: low to high, by powers of ten if `log`; `zero`: its left end is 0.
 * @typedef {{name: string, kind: string, default: any, choices: string[], range: string, sentence: string|{en: string, zh: string},
 *   needs?: any[], many?: boolean, none?: boolean, label?: {en: string, zh: string}, span?: Span|null}} Rule
 * @typedef {{low: number, high: number, log?: boolean, zero?: boolean, whole?: boolean}} Span
 */

export class Control {
  /**
   * @param {Rule} rule
   * @param {any} value
   * @param {(value: any) => void} changed
   * @param {string} [key] of its label
   */
  constructor(rule, value, changed, key = `field.${rule.name}`) {
    this.rule = rule;
    this.id = `control-${made++}`;
    this.label = h("label", { for: this.id });
    this.key = key;
    this.help = h("span", { class: "unseen", id: `${this.id}-help` });
    this.need = h("p", { class: "small", hidden: true });
    this.error = h("p", { class: "error", role: "alert", hidden: true });
    this.input = this.makeInput();
    this.input.setAttribute("aria-describedby", this.help.id);
    this.slider = rule.span && h("input", { type: "range", min: 0, max: 1, step: "any", "aria-describedby": this.help.id });
    this.element = h("div", { class: `field ${rule.kind}`, "data-field": rule.name }, this.label, this.input, ...(this.slider ? [this.slider] : []), this.help, this.need, this.error);
    this.relabel();
    this.set(value);
    const tell = patient(changed, 150); // the value as it is now: what is opened meanwhile may put another there
    this.input.addEventListener("change", () => {
      this.follow();
      tell(this.value());
    });
    this.slider?.addEventListener("input", () => {
      this.input.value = written(this.slid());
      tell(this.value());
    });
  }

  relabel() {
    const { label, name } = this.rule;
    this.label.textContent = label ? of(label) : tOr(this.key, name.replaceAll("_", " "));
    this.slider?.setAttribute("aria-label", this.label.textContent);
    this.help.textContent = of(this.rule.sentence);
    this.suit(this.recipe);
  }

  /** Where it would do nothing in a recipe, it is not offered, and says why. @param {Record<string, any>} [recipe] */
  suit(recipe) {
    this.recipe = recipe;
    const need = recipe && this.rule.needs?.find(([other, among]) => !among.includes(recipe[other]));
    for (const each of [this.input, this.slider]) if (each) each.disabled = Boolean(need);
    this.need.hidden = !need;
    if (need) this.need.textContent = t("needs", { field: t(`field.${need[0]}`), values: need[1].filter((each) => each !== true).join(", ") });
  }

  makeInput() {
    const { kind, choices, many } = this.rule;
    if (kind === "name") return h("select", { id: this.id }, ...choices.map((each) => h("option", { value: each }, each)), ...(this.rule.none && !many ? [h("option", { value: "" }, "–")] : []));
    if (kind === "switch") return h("input", { id: this.id, type: "checkbox" });
    return h("input", { id: this.id, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" });
  }

  set(value) {
    if (this.rule.kind === "switch") this.input.checked = Boolean(value);
    else if (this.input.tagName === "SELECT") {
      const text = Array.isArray(value) ? value.join(",") : value ?? "";
      if (![...this.input.options].some((each) => each.value === text)) this.input.append(h("option", { value: text }, text));
      this.input.value = text;
    } else this.input.value = written(value);
    this.follow();
    this.refuse("");
  }

  /** The value as JSON has it; text that is no number goes to the server as it is, whose words refuse it. */
  value() {
    const { kind, many, none } = this.rule;
    if (kind === "switch") return this.input.checked;
    const text = kind === "number" && !this.rule.span?.whole ? decimal(this.input.value) : this.input.value.trim();
    if (none && (text === "" || text === "none")) return null;
    if (many && (text === "" || text === "none")) return [];
    const parts = text.split(",").map((each) => read(each.trim(), kind));
    return many && (parts.length > 1 || this.rule.name === "hidden") ? parts : parts.length > 1 ? text : parts[0];
  }

  /** The value that the slider stands at. */
  slid() {
    const { low, high, log, zero, whole } = /** @type {Span} */ (this.rule.span);
    let share = Number(this.slider.value);
    if (zero) {
      if (share < 0.04) return 0;
      share = (share - 0.04) / 0.96;
    }
    const value = log ? low * (high / low) ** share : low + share * (high - low);
    return whole ? Math.round(value) : Number(value.toPrecision(2));
  }

  /** Put the slider where the value is. */
  follow() {
    if (!this.slider || !this.rule.span) return;
    const { low, high, log, zero } = this.rule.span;
    const value = Number(decimal(this.input.value));
    let share = log ? Math.log(Math.max(value, low) / low) / Math.log(high / low) : (value - low) / (high - low);
    share = Math.max(0, Math.min(1, share));
    this.slider.value = zero ? (value <= 0 ? 0 : 0.04 + 0.96 * share) : share;
    this.slider.setAttribute("aria-valuetext", this.input.value);
  }

  /** Say what is wrong, "" for nothing. */
  refuse(sentence) {
    this.error.hidden = !sentence;
    this.error.textContent = sentence;
    this.input.ariaInvalid = sentence ? "true" : null;
  }
}

/** A number as it is typed, 0,5 or 50 % as 0.5. */
export function decimal(text) {
  const plain = text.trim().replace(/^([-+]?\d*),(\d+)(?=\s*%?$)/, "$1.$2");
  return /^[-+]?[\d.]+\s*%$/.test(plain) ? String(Number((parseFloat(plain) / 100).toPrecision(12))) : plain;
}

/** A number; a text that is none as it is, for the server's words to refuse. @param {string} [kind] */
export function read(text, kind = "") {
  const number = Number(text);
  return !["name", "text"].includes(kind) && text !== "" && Number.isFinite(number) ? number : text;
}

/** @returns {string} */
export function written(value) {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? short(value, 6) : String(value);
}

/** A button with words. @param {() => void} pressed @param {string} [kind] */
export function button(key, pressed, kind = "") {
  return put(h("button", { type: "button", class: kind, click: pressed }), key);
}

/** An input below its words. @param {Element} input */
export const labelled = (key, input) => h("label", { class: "mini" }, h("span", { "data-w": key }), input);

/** The head of a view. */
export const header = (name) => h("header", {}, h("h2", { id: `${name}-title`, "data-w": `tab.${name}` }), h("p", { class: "lead", "data-w": `${name}.lead` }));

/** The head of a lesson or a study. @param {string} name of the view @param {any} own @param {(() => void)|null} back to the list */
export const headed = (name, { section, title, question }, back) => h("header", {}, ...(back ? [button("back", back, "quiet")] : []), h("p", { class: "kind" }, section), h("h2", { id: `${name}-title`, tabindex: -1 }, of(title)), says("p", question, "lead"));

/** Whoever goes into a lesson or study reads on at its title; on the way back, at the list's. @param {string} name of the view @param {string|null} own */
export const entered = (name, own) => (own ? $(`${name}-title`) : $(`view-${name}`).querySelector(".lesson"))?.focus();

/** Lessons or studies to choose from. @param {any[]} items @param {(name: string) => void} go */
export function cards(items, go) {
  const card = ({ name, section, title, question }) => h("button", { type: "button", class: "lesson", "data-name": name, click: () => go(name) }, h("span", { class: "kind" }, section), says("strong", title), says("span", question, "muted"));
  return h("ul", { class: "lessons" }, ...items.map((each) => h("li", {}, card(each))));
}

/** A part of a view. @param {...(Node|string)} parts */
export const section = (key, ...parts) => h("section", { class: "card stack" }, h("h3", { "data-w": key }), h("p", { class: "muted", "data-w": `${key}.what` }), ...parts);

/** Show the sentence of the control that is pointed at or has the focus, at the foot of its panel, until that is left or Escape pressed. */
export function hints(panel, foot) {
  const show = (element) => {
    const text = element?.closest?.(".field")?.querySelector(".unseen")?.textContent;
    if (!text) return put(foot, "hint");
    foot.removeAttribute("data-w");
    foot.textContent = text;
  };
  for (const kind of ["pointerover", "focusin"]) panel.addEventListener(kind, ({ target }) => show(target));
  panel.addEventListener("pointerleave", () => show(panel.contains(document.activeElement) ? document.activeElement : null));
  panel.addEventListener("focusout", () => show(null));
  panel.addEventListener("keydown", ({ key }) => key === "Escape" && show(null));
}
