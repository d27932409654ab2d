// Say: what inspect and verdict say of the nets as they are, in the words of the command line; and claims, decided by nets.
import { Claims } from "./claims.js";
import { button, header, section } from "./controls.js";
import { h, short } from "./dom.js";
import { job } from "./jobs.js";
import { put, says, t, translate, working } from "./words.js";

const ORDER = ["issue", "cannot tell", "ok"];

export class View {
  /** @param {HTMLElement} host @param {import("./model.js").Model} model */
  constructor(host, model) {
    this.model = model;
    host.classList.add("read");
    this.findings = h("div", { id: "findings", class: "stack" });
    this.verdict = h("div", { id: "verdict", class: "stack", "aria-live": "polite" });
    this.look = button("say.look", () => this.inspect(), "primary");
    this.judge = button("say.judge", () => this.ask());
    this.epoch = h("span", { class: "muted", role: "status" });
    this.claims = new Claims(model);
    host.append(
      header("say"),
      section("say.findings", h("div", { class: "line" }, this.look, this.epoch), this.findings),
      section("claim", ...this.claims.parts()),
      section("say.verdict", h("div", { class: "line" }, this.judge), this.verdict),
    );
    model.on("opened", () => {
      this.findings.replaceChildren();
      this.verdict.replaceChildren();
      this.epoch.textContent = "";
    });
  }

  show() {
    this.claims.show();
  }

  async inspect() {
    this.look.disabled = true;
    const answer = await working(this.epoch, this.model.ask("say", { net: this.model.view.unit_net }));
    this.look.disabled = false;
    if (!answer) return;
    put(this.epoch, "say.at", { net: answer.value.net + 1, epoch: answer.value.epoch });
    const findings = [...answer.value.findings].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));
    const shown = findings.filter((each) => each.status !== "ok");
    const fine = findings.filter((each) => each.status === "ok");
    const none = shown.some((each) => each.status === "issue") ? [] : [h("p", { "data-w": "say.none" })];
    const rest = h("details", {}, put(h("summary"), "say.fine", { count: fine.length }), h("div", { class: "stack" }, ...fine.map((each) => this.finding(each))));
    this.findings.replaceChildren(...none, ...shown.map((each) => this.finding(each)), ...(fine.length ? [rest] : []));
    translate(this.findings);
  }

  finding({ code, status, text, advice, change, value, limit, place }) {
    const tries = Object.keys(advice).length ? [h("div", { class: "line" }, button("say.try", () => this.model.attempt(advice, change)), says("span", change, "muted"))] : [];
    return h(
      "article",
      { class: `finding ${status.replace(" ", "-")}` },
      h("p", { class: "kind" }, h("span", { class: "status", "data-w": `status.${status}` }), ` ${code}`, ...(place ? [" · ", says("span", place)] : [])),
      says("p", text),
      ...(Number.isFinite(value) ? [put(h("p", { class: "muted small" }), "say.measured", { value: short(value), limit: short(limit) })] : []),
      ...tries,
    );
  }

  async ask() {
    this.judge.disabled = true;
    const value = await job(this.model, this.verdict, "judge", { seconds: 60, state: this.model.state });
    this.judge.disabled = false;
    if (!value) return;
    const { sentence, reasons, advice } = value;
    this.verdict.append(says("p", sentence, "lead"), h("ul", { class: "plain" }, ...(reasons ?? []).map((each) => says("li", each))));
    if (advice?.change) this.verdict.append(says("p", advice.change));
  }
}

