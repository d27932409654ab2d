// The recipe: the fields that one plays with, and behind a fold all others; each from its declaration.
import { Control, hints } from "./controls.js";
import { $, h } from "./dom.js";
import { translate } from "./words.js";

const FIRST = ["learning_rate", "optimizer", "batch_size", "activation", "init", "init_scale", "dropout", "l1", "l2", "weight_decay", "valid", "epochs"];
const ELSEWHERE = ["hidden", "seed", "fold_members"]; // the drawing, the nets and the view on choosing have them

export class RecipePanel {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Record<string, Control>} */
    this.controls = {};
    hints($("recipe-panel"), $("hint"));
    model.on("welcome", ({ fields }) => this.build(fields));
    model.on("opened", () => this.fill());
    model.on("changed", () => this.fill());
    model.on("refused", ({ sentence, field }) => this.refuse(field, sentence));
    model.on("fine", (field) => this.controls[field]?.refuse(""));
    document.addEventListener("language", () => Object.values(this.controls).forEach((each) => each.relabel()));
  }

  build(fields) {
    if (Object.keys(this.controls).length) return;
    const rules = Object.fromEntries(fields.map((each) => [each.name, each]));
    for (const [name, rule] of Object.entries(rules))
      if (!ELSEWHERE.includes(name)) this.controls[name] = new Control(rule, rule.default, (value) => this.change(name, value));
    const first = FIRST.filter((name) => name in this.controls);
    const rest = Object.keys(this.controls).filter((name) => !FIRST.includes(name));
    for (const [name, control] of Object.entries(this.controls)) control.element.classList.toggle("live", rules[name].live);
    $("recipe").replaceChildren(
      ...first.map((name) => this.controls[name].element),
      h("details", { class: "rest" }, h("summary", { "data-w": "recipe.all" }), ...rest.map((name) => this.controls[name].element)),
    );
    translate($("recipe"));
    this.fill();
  }

  change(name, value) {
    this.controls[name].refuse("");
    this.model.set({ [name]: value });
  }

  fill() {
    const { recipe } = this.model;
    for (const [name, control] of Object.entries(this.controls)) {
      control.suit(recipe);
      if (name in recipe && !control.element.contains(document.activeElement)) control.set(recipe[name]);
      else if (name in recipe) control.refuse("");
    }
  }

  refuse(field, sentence) {
    const control = this.controls[field];
    if (!control) return;
    control.refuse(sentence);
    control.element.closest("details")?.setAttribute("open", "");
  }
}
