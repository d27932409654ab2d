// A job beside the training: how far it is, a button that ends it, and what it gave.
import { button } from "./controls.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * Have a job done, and show in an element how far it is. The answer's value; null where it was refused or ended.
 * @param {import("./model.js").Model} model
 * @param {HTMLElement} host
 * @param {string} name
 * @param {Record<string, any>} what
 * @param {(value: any) => void} [part] called with what is known on the way
 */
export async function job(model, host, name, what, part = () => {}) {
  const bar = h("progress", { max: 1, value: 0, "data-w-aria-label": "job", "aria-label": name });
  const words = h("span", { class: "muted", role: "status" });
  host.replaceChildren(h("div", { class: "line" }, bar, words, button("stop", () => model.ask("stop"), "quiet")));
  const changed = model.acts.length;
  model.job = { name, part, told: (share, sentence) => ([bar.value, words.textContent] = [share, sentence]) };
  const answer = await model.ask(name, what);
  model.job = null;
  host.replaceChildren();
  if (answer && changed && ["judge", "capacity", "folds"].includes(name)) host.append(h("p", { class: "small", "data-w": "job.unchanged" }, t("job.unchanged")));
  return answer && answer.say !== "ok" ? answer.value : null;
}
