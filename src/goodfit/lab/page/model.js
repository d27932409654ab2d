// What the page knows: the state, the training as the server tells it, and who wants to hear of changes.
import * as address from "./address.js";
import { Curves } from "./curves.js";
import { Teller } from "./live.js";

const LATER = "later"; // once another page has gone
const WAIT = 2000; // milliseconds until that is tried again
const SOON = 60_000; // milliseconds
export const STOPPED = "Job: it was stopped."; // as whoever stopped it knows
const UNASKED = ["view", "seal", "stop"]; // what the page asks for by itself leaves its notes

export class Model extends Teller {
  /** @param {import("./live.js").Live} live */
  constructor(live) {
    super();
    this.live = live;
    this.state = null;
    this.opened = null;
    /** The recipe that trains now, changes on the way included. */
    this.recipe = {};
    this.status = { state: "paused", epoch: { A: 0 }, batch: 0, steps: 0, goal: 0, speed: 0, frozen: {} };
    /** @type {Record<string, Curves>} */
    this.curves = { A: new Curves(), B: new Curves() };
    /** @type {Record<string, any[]>} */
    this.marks = { A: [], B: [] };
    /** Changes on the way, as a state has them. */
    this.acts = [];
    /** Those of B. */
    this.others = [];
    this.branch = null;
    this.difference = null;
    /** @type {Record<string, any>} */
    this.boundary = {};
    this.units = null;
    this.points = [];
    /** @type {Record<string, number>} the epoch that each branch has come to: curves tell it sooner than states */
    this.reached = { A: 0, B: 0 };
    /** @type {{name: string, part: (value: any) => void, told: (share: number, sentence: string) => void}|null} */
    this.job = null;
    this.farthest = 0;
    this.blank = false; // whether the plane is empty: points are drawn, and nothing is trained yet
    this.coming = null; // what is opened, until it is trained as far as that says
    this.turn = 0; // of what is opened: an earlier one that waits gives up
    /** @type {Promise<any>|null} until the state that was asked for last is open, or refused */
    this.answer = null;
    /** @type {{batch_size?: number}} what of the state does not fit its rows */
    this.tooLarge = {};
    this.gone = null; // the last state that was refused because its file is gone
    this.lacks = null; // that in the address
    this.died = -Infinity; // when the process that trained did
    this.pushes = false; // whether what is opened next is a new entry of the browser's history
    this.speed = "";
    /** @type {{state: string}|null} that was asked for last, until that is answered */
    this.meant = null;
    this.plays = false; // as was asked for: a single step is none
    this.view = { net: /** @type {number|null} */ (null), grid: 40, thumbnails: 12, unit_net: 0, shown: /** @type {number|null} */ (null) };
    this.listen();
  }

  listen() {
    const hear = (say, take) => this.live.on(say, take);
    hear("opened", (message) => this.begin(message));
    hear("points", ({ columns: { x1, x2, y, part } }) => {
      this.points = [...x1.values].map((x, at) => ({ x, y: x2.values[at], label: y.values[at], part: part.values[at] }));
      this.tell("points");
    });
    hear("curves", (message) => {
      const { branch } = message;
      this.curves[branch].add(message);
      this.reached[branch] = Math.max(message.first, message.columns.epoch.values.at(-1) ?? 0);
      this.farthest = Math.max(this.farthest, this.reached.A);
      this.tell("curves");
    });
    hear("boundary", (message) => {
      this.boundary[message.branch] = message;
      this.tell("boundary");
    });
    hear("units", (message) => {
      if (message.branch === "B" || this.blank) return;
      this.units = message;
      this.tell("units");
    });
    hear("state", (message) => {
      this.status = this.meant && message.state !== "opening" ? { ...message, state: this.meant.state } : message;
      if (message.state !== "opening") this.coming = null;
      for (const [branch, epoch] of Object.entries(message.epoch)) this.reached[branch] = this.playing ? Math.max(epoch, this.reached[branch] ?? 0) : epoch;
      if (!["playing", "opening"].includes(message.state) && this.opened) this.keep();
      this.tell("state");
    });
    hear("changed", ({ branch, marks, recipe, acts }) => {
      this.marks[branch] = marks;
      if (branch === "A") [this.recipe, this.acts] = [recipe, acts];
      else this.others = acts;
      this.tell("changed");
    });
    hear("branched", (message) => {
      this.branch = message;
      this.tell("branch");
    });
    hear("dropped", ({ branch }) => this.dropped(branch));
    hear("difference", (message) => {
      this.difference = message;
      this.tell("difference", message);
    });
    hear("progress", ({ job, share, sentence }) => this.job?.name === job && this.job?.told(share, sentence));
    for (const say of ["capacity", "folds", "race", "search"]) hear(say, ({ value }) => this.job?.name === say && this.job?.part(value));
    hear("note", (message) => this.tell("note", message));
    hear("error", (message) => (message.lost && message.to === null ? this.revive(message) : this.tell("error", message)));
  }

  /** Keep how far the training is, and what was changed on the way, in the address. */
  keep() {
    if (!this.lacks) address.write({ state: this.whole }, true);
  }

  /** The state with how far it is trained, and what was changed on the way. */
  get whole() {
    return this.coming ?? { ...this.state, ...(this.epoch && { epoch: this.epoch }), ...(this.acts.length && { acts: this.acts }), ...(this.branch && { branch: { epoch: this.reached.B, acts: this.others } }) };
  }

  begin(opened) {
    this.blank = false;
    const { epoch: _epoch, acts: _acts, branch: _branch, ...state } = opened.state;
    Object.assign(this, { opened, coming: opened.state, state, lacks: null, acts: [], recipe: opened.recipe, branch: null, difference: null, boundary: {}, units: null, farthest: 0, reached: { A: 0, B: 0 } });
    this.curves = { A: new Curves(), B: new Curves() };
    this.marks = { A: [], B: [] };
    if (this.view.net !== null && this.view.net >= opened.nets.length) this.view.net = null;
    if (this.view.unit_net >= opened.nets.length) this.view.unit_net = 0;
    if ((this.view.shown ?? 0) >= opened.classes.length) this.view.shown = null;
    address.write({ state: opened.state }, !this.pushes);
    this.pushes = false;
    this.tell("opened");
  }

  dropped(branch) {
    if (branch === "A") {
      this.acts = this.others;
      this.curves.A = this.curves.B;
      this.marks.A = this.marks.B;
      if (this.boundary.B) this.boundary.A = this.boundary.B;
    }
    this.curves.B = new Curves();
    this.marks.B = [];
    delete this.boundary.B;
    [this.branch, this.difference] = [null, null];
    this.tell("branch");
    this.tell("curves");
    this.tell("boundary");
  }

  /** Whether a field can change while a training runs. */
  isLive(name) {
    return this.live.welcome?.fields.some((rule) => rule.name === name && rule.live);
  }

  /** How far A is. */
  get epoch() {
    return this.reached.A;
  }

  get playing() {
    return this.status.state === "playing";
  }

  /** Open a state, and put it into the address. @param {{quietly?: boolean, field?: string}} [how] */
  async open(state, how = {}) {
    const play = this.plays && this.playing;
    const turn = ++this.turn;
    this.tooLarge = {};
    this.pushes = !how.quietly;
    this.tell("busy", true);
    let known = () => {};
    this.answer = new Promise((/** @type {any} */ done) => (known = done));
    let opened = await this.opening(state, how.field, known);
    known();
    if (turn === this.turn) this.answer = null;
    while (opened === LATER && turn === this.turn) {
      await new Promise((done) => setTimeout(done, WAIT));
      if (turn === this.turn) opened = await this.opening(state, how.field);
    }
    if (turn === this.turn) this.tell("busy", false);
    if (opened?.say && play) await this.play();
    return opened;
  }

  /** The process that trained has died: open its state again; where it dies again at once, leave that to whoever looks on. */
  async revive(message) {
    const soon = Date.now() - this.died < SOON;
    this.died = Date.now();
    this.plays = false;
    this.stands("paused");
    const opened = this.state && !soon && (await this.open(this.whole, { quietly: true }));
    if (opened) this.tell("note", { sentence: "revived" });
    else if (this.live.socket) this.tell("error", message); // else the server has gone with it
  }

  /** Back to an epoch. */
  back(epoch) {
    return this.stands("paused", this.ask("rewind", { epoch }));
  }

  /** Have the browser's history keep what was there before, for Undo. @param {any} before the whole state */
  turned(before) {
    address.write({ state: before }, true);
    address.write({ state: this.whole }, false, this.acts.length);
    this.tell("state");
  }

  /** Ask for a state; where there are fewer rows than a batch, with the batch size that fits them, until there are more again. @param {string} [field] @param {() => void} [known] called once it is open, though not yet trained as far as it says */
  async opening(state, field, known) {
    try {
      return await this.live.ask("open", { state }, known);
    } catch (error) {
      const { batch_size: size, ...recipe } = state.recipe ?? {};
      const again = /** @type {any} */ (error).field === "batch_size" && size && field !== "batch_size";
      if (/** @type {any} */ (error).gone) this.gone = state;
      if (/** @type {any} */ (error).later) return this.refuse(error) ?? LATER;
      if (!again) return this.refuse(error, field);
      this.tooLarge = { batch_size: size };
      return this.ask("open", { state: { ...state, recipe } }, field, known);
    }
  }

  /** @param {any} error @param {string} [field] "study" for one of its parameters, which may have the name of a recipe's field */
  refuse(error, field = "") {
    const { message, said, line, lost } = error;
    const at = field === "study" ? `study.${/'(\w+)'/.exec(message)?.[1]}` : error.field ?? field;
    if (!line && !lost && said?.[0] !== STOPPED) this.tell("refused", { sentence: message, said, field: at });
    return null;
  }

  /** Where the file of a state is gone, that waits until the file is there again. */
  lack(state) {
    address.write({ state }, true);
    this.lacks = state;
    this.tell("lacks");
  }

  /** The same state with other parts. @param {Record<string, any>|((state: any) => Record<string, any>)} made they, or what makes them @param {string} [field] that an error belongs to */
  async replace(made, field) {
    let answer = /** @type {any} */ (null);
    while (answer !== this.answer) await (answer = this.answer); // of what is being opened is what changes next, however long that takes, one after another; else at once
    const base = { ...this.state, recipe: { ...this.tooLarge, ...this.state.recipe } };
    const parts = typeof made === "function" ? made(base) : made;
    const state = { ...base, ...parts };
    if ("widths" in parts && parts.widths) delete state.nets;
    if ("nets" in parts) delete state.widths;
    return this.open(state, { field });
  }

  /** Other fields of the recipe: live where that can be and something has been trained, else from the beginning. @param {Record<string, any>} fields */
  async set(fields) {
    if (this.answer) await this.answer;
    if (this.epoch > 0 && Object.keys(fields).every((name) => this.isLive(name))) await this.ask("change", { fields }, Object.keys(fields)[0]);
    else await this.replaceFields(fields, Object.keys(fields)[0]);
  }

  /** Other fields, from the beginning. @param {Record<string, any>|((recipe: any) => Record<string, any>)} made they, or what makes them of all @param {string} [field] that an error belongs to */
  replaceFields(made, field) {
    return this.replace(({ recipe }) => ({ recipe: { ...recipe, ...(typeof made === "function" ? made(this.opened.recipe) : made) } }), field);
  }

  /** Other fields, from the beginning, in Play. @param {Record<string, any>} fields */
  async take(fields) {
    await this.replaceFields(fields);
    this.tell("view", "play");
  }

  /** Try what is advised: live, with a mark in the curve; or from the beginning, with a note that says so. @param {Record<string, any>} advice @param {{en: string, zh: string}} change */
  async attempt(advice, change) {
    const before = this.opened;
    await this.set(advice);
    this.tell("view", "play");
    if (this.opened !== before) this.tell("note", { sentence: { en: `Begun anew with ${change.en}`, zh: `重新开始：${change.zh}` } });
  }

  /** Ask the server; a refusal is told to the page, and gives null. @param {any} [what] @param {string} [field] @param {() => void} [known] as `opening` has it @returns {Promise<any>} */
  async ask(name, what = {}, field = "", known) {
    const { live: { asked: since }, whole, acts, branch, epoch } = this;
    try {
      const answer = await this.live.ask(name, what, known);
      const lost = this.acts.length < acts.length || (branch && !this.branch);
      if (!["open", "undo"].includes(name) && (name === "reset" ? epoch : lost)) this.turned(whole);
      this.tell("fine", field);
      if (!UNASKED.includes(name)) this.tell("did", since);
      return answer;
    } catch (error) {
      return this.refuse(error, field);
    }
  }

  /** Train on. @param {string} [speed] epochs a second at most, "" for as fast as it goes; the one before if not given */
  async play(speed = this.speed) {
    this.speed = speed;
    this.plays = true;
    if (await this.stands("playing", this.ask("play", speed ? { speed: Number(speed) } : {}))) return;
    this.plays = false;
    this.stands("paused");
  }

  pause() {
    this.plays = false;
    return this.stands("paused", this.ask("pause"));
  }

  /** Show at once what was asked for, whatever is told of what was before, until that is answered. @param {"playing"|"paused"} state @param {Promise<any>} [asked] */
  async stands(state, asked) {
    if (!this.live.socket) return asked; // nobody hears it
    const meant = (this.meant = { state });
    this.status = { ...this.status, state, batch: 0 };
    this.tell("state");
    const answer = await asked;
    if (this.meant === meant) this.meant = null;
    return answer;
  }

  /** Ask for other pictures. @param {Partial<Model["view"]>} changed */
  look(changed = {}) {
    Object.assign(this.view, changed);
    const { shown: _, ...view } = this.view;
    return this.ask("view", view);
  }
}
