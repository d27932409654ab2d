// A job beside the training: how far it is, a button that ends it, and what it gave.
import { table } from "./charts.js";
import { button } from "./controls.js";
import { h } from "./dom.js";
import { STOPPED } from "./model.js";
import { of, put, says, t } from "./words.js";

/**
 * Have a job done, and show in an element how far it is. The answer's value; null where it was refused or ended.
 * @param {import("./model.js").Model} model
 * @param {HTMLElement} host
 * @param {string} name
 * @param {Record<string, any>} what
 * @param {(value: any) => void} [part] called with what is known on the way
 */
export async function job(model, host, name, what, part = () => {}) {
  const free = !model.job; // else the server refuses this one, and the other goes on being shown
  const bar = put(h("progress", { max: 1 }), "job", {}, "aria-label");
  const words = h("span", { class: "muted", role: "status" });
  const changed = model.acts.length;
  if (free) host.replaceChildren(h("div", { class: "line" }, bar, words, button("stop", () => model.ask("stop"), "quiet")));
  model.job ??= { name, part, told: (share, sentence) => ([bar.value, words.textContent] = [share, of(sentence)]) };
  /** @type {any} */
  let [answer, wrong] = [null, null];
  try {
    answer = await model.live.ask(name, what);
  } catch (error) {
    const { said, lost } = /** @type {any} */ (error);
    if (name === "study" || lost || !said || said[0] === STOPPED) model.refuse(error, name);
    else wrong = said; // said where it was asked for
  }
  if (free) {
    model.job = null;
    host.replaceChildren();
  }
  host.querySelector(":scope > [role=alert]")?.remove();
  if (wrong) host.append(h("div", { role: "alert" }, says("p", wrong, "error")));
  if (answer && changed && !["answer", "claim", "replay", "study"].includes(name)) host.append(put(h("p", { class: "small" }), "job.unchanged"));
  return answer && answer.say !== "ok" ? answer.value : null;
}

/** What a job came to, as the server puts it: sentences, a table, and a button for each row that Play can take. @param {import("./model.js").Model} model */
export function told(model, host, { said = [], table: found, take = [] }) {
  const rows = found?.rows.map((row, at) => [...row.map(of), ...(take[at] ? [button("lessons.play", () => model.take(take[at]), "quiet")] : [])]);
  const head = found?.head.map(of);
  host.replaceChildren(...said.map((each) => says("p", each)), ...(rows ? [h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": of(found.caption) }, table(of(found.caption), take.length ? [...head, t("tab.play")] : head, rows))] : []));
}
