// Notes: sentences above the view that they are of. They go when what is asked for there next has been done.
import { button } from "./controls.js";
import { $, h } from "./dom.js";
import { put, says } from "./words.js";

const MOST = 4;

export class Notes {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    this.view = "play";
    model.on("note", ({ sentence }) => this.add(sentence));
    model.on("error", ({ to, sentences, lost }) => to === null && this.add(sentences, { lost }));
    model.on("refused", ({ sentence, said, field }) => {
      if (!field || !document.querySelector(`[data-field="${CSS.escape(field)}"]`)?.checkVisibility()) this.add(said ?? sentence);
    });
    model.on("did", (since) => this.drop((note) => note.dataset.view === this.view && Number(note.dataset.asked) <= since));
    model.on("seen", (view) => {
      this.view = view;
      for (const note of this.all) note.hidden = note.dataset.view !== view;
    });
    model.on("opened", () => {
      this.drop(() => true);
      for (const sentence of model.opened.notes) this.add(sentence, { view: "play", asked: Infinity }); // as long as it is open
    });
  }

  /** @returns {HTMLElement[]} */
  get all() {
    return [...$("notes").children];
  }

  /** @param {(note: HTMLElement) => boolean} which */
  drop(which) {
    this.all.filter(which).forEach((note) => note.remove());
  }

  /** @param {any} sentence one in both languages, or several @param {{lost?: boolean, view?: string, asked?: number}} [how] lost: whether the training must be started anew */
  add(sentence, { lost = false, view = this.view, asked = this.model.live.asked } = {}) {
    const said = says("span", sentence);
    this.drop((note) => note.firstChild?.textContent === said.textContent);
    const again = lost ? [" ", button("again", () => this.model.open(this.model.whole, { quietly: true }))] : [];
    const close = put(h("button", { type: "button", class: "close", click: () => note.remove() }, "×"), "close", {}, "aria-label");
    const note = h("p", { class: "note", role: "status", "data-view": view, "data-asked": asked, hidden: view !== this.view }, said, ...again, close);
    $("notes").prepend(note);
    this.all[MOST]?.remove();
  }
}
