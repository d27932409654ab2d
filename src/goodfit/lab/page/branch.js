// Branch: change one thing at an epoch, and see A beside B with their paired difference.
import { Control, button } from "./controls.js";
import { $, h } from "./dom.js";
import { named, of, put, t, translate } from "./words.js";

export class Branching {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.dialog = h("dialog", { id: "branch-dialog", "data-w-aria-label": "branch" });
    document.body.append(this.dialog);
    $("branch").addEventListener("click", () => this.ask());
    for (const topic of ["branch", "opened"]) model.on(topic, () => this.update());
    model.on("difference", () => {
      if ($("difference")) $("difference").textContent = this.words();
    });
    document.addEventListener("language", () => this.update());
  }

  /** Ask what B does otherwise. */
  ask() {
    const { model } = this;
    if (!model.opened) return;
    const rules = Object.fromEntries(model.live.welcome?.fields.map((rule) => [rule.name, rule]) ?? []);
    const known = Object.keys(rules).filter((name) => rules[name].live);
    const place = h("div");
    /** @type {Control} */
    let control;
    const choose = () => {
      control = new Control(rules[select.value], model.recipe[select.value], () => {});
      control.suit(model.recipe);
      place.replaceChildren(control.element);
    };
    const select = h("select", { id: "branch-field", change: choose }, ...known.map((name) => h("option", { value: name }, t(`field.${name}`))));
    choose();
    const error = h("p", { class: "error", role: "alert" });
    const send = async (event) => {
      event.preventDefault();
      try {
        const { whole } = model;
        await model.live.ask("branch", { epoch: model.epoch, fields: { [select.value]: control.value() } });
        model.turned(whole);
        this.dialog.close();
      } catch (refused) {
        error.textContent = /** @type {Error} */ (refused).message;
      }
    };
    const go = h("button", { type: "submit", class: "primary", "data-w": "branch.go" });
    const title = put(h("h2"), "branch.title", { epoch: model.epoch });
    const form = h("form", { submit: send }, title, h("p", { "data-w": "branch.how" }), h("div", { class: "field name" }, h("label", { for: "branch-field", "data-w": "branch.field" }), select), place, error, h("div", { class: "buttons" }, go, button("cancel", () => this.dialog.close(), "quiet")));
    this.dialog.replaceChildren(form);
    translate(this.dialog);
    this.dialog.showModal();
  }

  /** B less A in words. */
  words() {
    const { difference } = this.model;
    return difference ? of(difference.sentence) : "";
  }

  update() {
    const { branch } = this.model;
    $("versus").replaceChildren();
    $("branch").disabled = Boolean(branch) || !this.model.opened;
    if (!branch) return;
    const title = put(h("h4"), "branch.is", { epoch: branch.epoch, fields: named(branch.fields) });
    const keep = (dropped) => () => this.model.ask("drop", { branch: dropped });
    $("versus").append(
      h("div", { class: "versus" }, title, h("p", { id: "difference" }, this.words()), h("div", { class: "buttons" }, button("branch.keep.a", keep("B"), "quiet"), button("branch.keep.b", keep("A"), "quiet"))),
    );
  }
}
