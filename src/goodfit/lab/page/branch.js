// Branch: change one thing at an epoch, and see A beside B with their paired difference.
import { Control, button } from "./controls.js";
import { $, h } from "./dom.js";
import { put, t, translate } from "./words.js";

const OFFERED = ["learning_rate", "dropout", "l2", "l1", "weight_decay", "batch_size", "optimizer", "momentum", "schedule", "label_smoothing", "clip_norm"];

export class Branching {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.dialog = h("dialog", { id: "branch-dialog", "aria-labelledby": "branch-title" });
    document.body.append(this.dialog);
    $("branch").addEventListener("click", () => this.ask());
    for (const topic of ["branch", "opened"]) model.on(topic, () => this.update());
    model.on("difference", ({ sentence }) => {
      const line = $("versus").querySelector("p");
      if (line) line.textContent = sentence;
    });
    document.addEventListener("language", () => this.update());
  }

  /** Ask what B does otherwise. */
  ask() {
    const { model } = this;
    if (!model.opened) return;
    const rules = Object.fromEntries(model.live.welcome?.fields.map((/** @type {any} */ rule) => [rule.name, rule]) ?? []);
    const known = OFFERED.filter((name) => name in rules);
    const place = h("div");
    /** @type {Control} */
    let control;
    const choose = () => {
      control = new Control(rules[select.value], model.recipe[select.value], () => {});
      place.replaceChildren(control.element);
    };
    const select = h("select", { id: "branch-field", change: choose }, ...known.map((name) => h("option", { value: name }, t(`field.${name}`))));
    choose();
    const error = h("p", { class: "error", role: "alert" });
    const send = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        await model.live.ask("branch", { epoch: model.epoch, fields: { [select.value]: control.value() } });
        this.dialog.close();
      } catch (refused) {
        error.textContent = /** @type {Error} */ (refused).message;
      }
    };
    const go = h("button", { type: "submit", class: "primary", "data-w": "branch.go" });
    const title = h("h2", { id: "branch-title" });
    put(title, "branch.title", { epoch: model.epoch });
    const form = h("form", { submit: send }, title, h("p", { "data-w": "branch.how" }), h("div", { class: "field name" }, h("label", { for: "branch-field", "data-w": "branch.field" }), select), place, error, h("div", { class: "buttons" }, go, button("cancel", () => this.dialog.close(), "quiet")));
    this.dialog.replaceChildren(form);
    translate(this.dialog);
    this.dialog.showModal();
  }

  update() {
    const { branch, difference } = this.model;
    $("versus").replaceChildren();
    $("branch").disabled = Boolean(branch) || !this.model.opened;
    if (!branch) return;
    const fields = Object.entries(branch.fields)
      .map(([name, value]) => `${t(`field.${name}`)} ${value}`)
      .join(", ");
    const title = h("h4");
    put(title, "branch.is", { epoch: branch.epoch, fields });
    const keep = (/** @type {string} */ dropped) => () => this.model.ask("drop", { branch: dropped });
    $("versus").append(
      h("div", { class: "versus" }, title, h("p", { id: "difference" }, difference ? difference.sentence : t("branch.wait")), h("div", { class: "buttons" }, button("branch.keep.a", keep("B"), "quiet"), button("branch.keep.b", keep("A"), "quiet"))),
    );
  }
}
