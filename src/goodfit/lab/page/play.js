// Play: transport, pictures and curves of the training that runs.
import * as address from "./address.js";
import { Chart, hear, legend } from "./charts.js";
import { button } from "./controls.js";
import { $, h, short, swatch } from "./dom.js";
import { Curves } from "./curves.js";
import { DataPanel } from "./data.js";
import { Branching } from "./branch.js";
import { NetCard } from "./net_card.js";
import { PictureCard } from "./picture_card.js";
import { RecipePanel } from "./recipe.js";
import { Taking, copied } from "./taking.js";
import { named, of, put, t } from "./words.js";

const SILENCE = 2000; // milliseconds between two sentences of the live summary, at least

export class Play {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.loss = new Chart($("loss"), "loss", { log: false });
    this.score = new Chart($("score"), "score");
    this.said = 0;
    this.transport();
    this.curveTools();
    this.parts = [new DataPanel(model), new RecipePanel(model), new NetCard(model), new PictureCard(model), new Branching(model), new Taking(model)];
    model.on("opened", () => this.opened());
    for (const topic of ["curves", "state", "changed", "branch", "drawing"]) model.on(topic, () => this.update());
    document.addEventListener("language", () => this.update());
    setInterval(() => this.say(), 500);
  }

  transport() {
    const { model } = this;
    const click = (id, does) => $(id).addEventListener("click", does);
    click("play", () => this.playOrPause());
    $("speed").addEventListener("change", () => model.playing && model.play($("speed").value));
    click("step", () => model.ask("step", { epochs: 1 }));
    click("batch", async () => {
      put($("state"), "working"); // the first one is compiled
      await model.ask("batch");
      this.update();
    });
    click("reset", () => model.ask("reset"));
    $("rewind").addEventListener("input", () => {
      if (model.playing) model.pause(); // else it would run away from under the hand
      $("epoch").textContent = $("rewind").value;
    });
    $("rewind").addEventListener("change", () => this.goTo(Number($("rewind").value)));
    click("undo", () => {
      if (model.acts.length > address.floor()) model.ask("undo");
      else if (address.undoable()) history.back();
    });
    click("share", async () => {
      const link = new URL(location.href);
      link.search = "";
      if (!(await copied(link.href, $("share")))) model.tell("note", { sentence: link.href });
    });
  }

  /** Play, pause; or, where all epochs are done, play them again. */
  async playOrPause() {
    const { model } = this;
    if (model.playing) return model.pause();
    if (model.status.state === "done") await model.ask("reset");
    return model.play($("speed").value);
  }

  /** Back to an epoch; or on to one that was there before. */
  goTo(epoch) {
    const { model } = this;
    if (epoch > model.epoch) model.ask("step", { epochs: epoch - model.epoch });
    else if (epoch < model.epoch) model.back(epoch);
  }

  curveTools() {
    const log = h("input", { type: "checkbox", id: "log" });
    log.addEventListener("change", () => {
      this.loss.log = log.checked;
      this.loss.draw();
    });
    const heard = button("hear", () => hear(this.model.curves.A.of[this.measure("loss")].mean), "quiet");
    $("curve-tools").append(h("ul", { class: "legend", id: "curve-legend" }), h("label", { class: "check" }, log, h("span", { "data-w": "log" })), heard);
  }

  /** The name of a curve: the validation's if there is one. */
  measure(what) {
    return this.model.curves.A.has(`valid_${what}`) ? `valid_${what}` : `train_${what}`;
  }

  opened() {
    put($("score-title"), `score.${this.model.opened.score}`);
    this.update();
  }

  update() {
    const { model } = this;
    if (!model.opened) return;
    const { batch, speed, steps, goal } = model.status;
    const state = model.blank ? "blank" : model.status.state;
    const epoch = model.blank ? 0 : model.epoch;
    const running = state === "playing";
    $("play").querySelector("use").setAttribute("href", running ? "#i-pause" : "#i-play");
    const does = running ? "pause" : state === "done" ? "play.again" : "play";
    for (const name of ["aria-label", "title"]) put($("play"), does, {}, name);
    if (document.activeElement !== $("rewind") || running) {
      $("rewind").max = Math.max(model.farthest, 1);
      $("rewind").value = epoch;
    }
    $("rewind").disabled = model.farthest === 0;
    $("rewind").setAttribute("aria-valuetext", t("chart.epoch", { epoch }));
    $("epoch").textContent = batch ? `${epoch} + ${batch}/${steps}` : String(epoch);
    put($("of"), "of", { epochs: model.opened.epochs });
    put($("state"), running && !speed ? "working" : `state.${state}`, { goal, speed: short(speed, speed >= 10 ? 2 : 1) });
    const stuck = model.status.frozen.A?.length;
    $("frozen").textContent = stuck && state !== "diverged" ? t("frozen", { stuck, nets: model.opened.nets.length }) : "";
    $("undo").disabled = !model.acts.length && !address.undoable();
    for (const name of ["step", "batch"]) $(name).disabled = state !== "paused" && (!running || model.plays); // while it steps, clicks add up
    $("play").disabled = model.blank;
    this.draw();
  }

  draw() {
    const { model } = this;
    const { A, B } = model.blank ? { A: new Curves(), B: new Curves() } : model.curves;
    const end = Math.max(model.farthest, B.epochs.at(-1) ?? 0, 10);
    const common = new Set(model.marks.A.map((mark) => JSON.stringify(mark)));
    const marks = [...model.marks.A.map((mark) => marked(mark)), ...model.marks.B.filter((mark) => !common.has(JSON.stringify(mark))).map((mark) => marked(mark, "B: "))];
    const both = Boolean(model.branch);
    $("view-play").classList.toggle("two", both);
    const lines = (what) => {
      const found = [A.line(`train_${what}`, { key: both ? "train.a" : "train", ink: "--faint", dash: [5, 4], wide: 1.6 })];
      if (A.has(`valid_${what}`)) found.unshift(A.line(`valid_${what}`, { key: both ? "valid.a" : "valid", ink: "--series-2" }));
      if (both) found.push(B.line(this.measure(what), { key: this.measure(what).startsWith("valid") ? "valid.b" : "train.b", ink: "--series-3" }, model.branch.epoch));
      return found;
    };
    const now = both && model.epoch >= model.branch.epoch ? Math.max(model.epoch, model.reached.B) : model.epoch;
    this.list(marks);
    const losses = lines("loss");
    this.loss.show(losses, marks, now, end);
    this.score.title = `score.${model.opened.score}`;
    this.score.show(lines("score"), [], now, end);
    this.legend(losses);
  }

  /** The marks of the curve in words. @param {{epoch: number, text: string}[]} marks */
  list(marks) {
    const words = marks.map(({ epoch, text }) => `${t("chart.epoch", { epoch })}: ${text}`);
    if ([...$("marks").children].map((each) => each.textContent).join() !== words.join()) $("marks").replaceChildren(...words.map((each) => h("li", {}, each)));
    $("marks").hidden = !words.length;
  }

  /** @param {import("./charts.js").Line[]} lines */
  legend(lines) {
    const keys = lines.map((line) => line.key).join();
    $("range") && ($("range").hidden = this.model.opened.nets.length < 2);
    if ($("curve-legend").dataset.keys === keys) return;
    $("curve-legend").dataset.keys = keys;
    $("curve-legend").replaceChildren(
      ...legend(lines),
      h("li", { id: "range" }, swatch("shade", "--series-2"), put(h("span"), "legend.range")),
    );
  }

  /** The summary for who does not see the curves: one sentence, never more often than every two seconds. */
  say() {
    const { model } = this;
    if (!model.opened || model.blank || Date.now() - this.said < SILENCE) return;
    const what = this.measure("loss");
    const at = model.curves.A.at(what, model.epoch);
    if (!Number.isFinite(at.mean)) return;
    const values = { epoch: model.epoch, part: t(what.slice(0, 5)), loss: short(at.mean), low: short(at.low), high: short(at.high), nets: at.count };
    const text = t("live", values);
    if ($("live").textContent === text) return;
    $("live").textContent = text;
    this.said = Date.now();
  }

  show() {
    for (const chart of [this.loss, this.score]) chart.draw();
    for (const part of this.parts) if ("show" in part) /** @type {any} */ (part).show();
  }
}

/** A change as the chart marks it. @param {{epoch: number, fields: Record<string, any>, sentence?: string}} mark @param {string} [before] */
function marked({ epoch, fields, sentence }, before = "") {
  return { epoch, text: before + (named(fields) || of(sentence ?? "")) };
}
