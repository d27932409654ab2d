// A state taken away: texts are shown, to be copied or saved; a notebook and a replay are files.
import { button } from "./controls.js";
import { $, h } from "./dom.js";
import { save } from "./files.js";
import { job } from "./jobs.js";
import { language, put, translate } from "./words.js";

const KINDS = ["command", "python", "notebook", "recipe", "replay"];

export class Taking {
  /** @param {import("./model.js").Model} model */
  constructor(model) {
    this.model = model;
    $("export").append(...KINDS.map((kind) => h("option", { value: kind, "data-w": `export.${kind}` })));
    $("export").addEventListener("change", () => this.take());
    model.on("opened", () => $("taken").replaceChildren());
  }

  async take() {
    const { model } = this;
    const kind = $("export").value;
    $("export").value = "";
    const state = model.whole;
    const made = await model.ask("export", { kind, state }); // of a replay, which takes long, only whether it can be had
    const value = made && kind === "replay" ? await job(model, $("taken"), kind, { language, state }) : made?.value;
    if (!value) return;
    const { name, mime, text } = value;
    const file = kind === "replay" || kind === "notebook";
    if (file) save(name, text, mime);
    const shown = h("pre", { tabindex: 0, role: "region", "data-w-aria-label": `export.${kind}` }, text);
    const copy = button("copy", async () => (await copied(text, copy)) || getSelection()?.selectAllChildren(shown), "primary");
    const rest = [button("save", () => save(name, text, mime)), button("close", () => $("taken").replaceChildren(), "quiet")];
    $("taken").replaceChildren(...(file ? [put(h("p"), "saved", { name })] : [shown]), h("div", { class: "line" }, ...(file ? [] : [copy]), ...rest));
    translate($("taken"));
  }
}

/** Copy a text, and have a button say so for a moment; whether it could be: plain HTTP has no clipboard. */
export async function copied(text, said) {
  const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (!done) return false;
  const key = said.getAttribute("data-w") ?? "";
  put(said, "share.done");
  setTimeout(() => put(said, key), 2000);
  return true;
}
