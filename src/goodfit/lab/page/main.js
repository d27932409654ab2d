// The beginning: words, line, model, views, and the address that ties them together.
import * as address from "./address.js";
import { $, h } from "./dom.js";
import { Live } from "./live.js";
import { Model } from "./model.js";
import { Play } from "./play.js";
import * as words from "./words.js";

/** @type {Promise<void>|null} of what the page begins with */
let opening = null;
const live = new Live();
const model = new Model(live);
/** @type {Record<string, {show?: () => void, hide?: () => void}>} */
const views = {};
/** Views besides Play, loaded when they are first seen. @type {Record<string, () => Promise<{View: new (host: HTMLElement, model: Model) => any}>>} */
const LATER = {
  step: () => import("./step.js"),
  say: () => import("./say.js"),
  choose: () => import("./choose.js"),
  studies: () => import("./studies.js"),
  lessons: () => import("./lessons.js"),
  runs: () => import("./runs.js"),
};

/** @param {string} name */
async function view(name) {
  const tab = $("tabs").querySelector(`[data-view="${CSS.escape(name)}"]`);
  const known = tab && !tab.hidden ? name : "play";
  views[known] ??= new (await LATER[known]()).View($(`view-${known}`), model);
  if (known === name && tab.hidden) return view("play"); // the server has said so meanwhile
  for (const section of document.querySelectorAll(".view")) {
    const shown = section.id === `view-${known}`;
    if (/** @type {HTMLElement} */ (section).hidden === shown && !shown) views[section.id.slice(5)]?.hide?.();
    /** @type {HTMLElement} */ (section).hidden = !shown;
  }
  for (const link of $("tabs").querySelectorAll("a")) link.ariaCurrent = link.dataset.view === known ? "page" : null;
  $(`view-${known}`).setAttribute("aria-labelledby", `${known}-title`);
  words.translate($(`view-${known}`));
  if (known !== "lessons" && !model.state && live.welcome) await first();
  views[known].show?.();
}

function tabs() {
  for (const name of ["play", ...Object.keys(LATER)]) {
    const go = (event) => {
      event.preventDefault();
      model.tell("view", name);
    };
    if (name !== "play") $("main").append(h("section", { id: `view-${name}`, class: "view", hidden: true }));
    $("tabs").append(h("li", {}, h("a", { href: `#view=${name}`, "data-view": name, "data-w": `tab.${name}`, click: go })));
  }
}

/** The trouble that stands above everything: one sentence, gone when it is over. @param {string} key */
function trouble(key) {
  $("alerts").replaceChildren(...(key ? [words.put(h("p"), key)] : []));
}

async function begin() {
  views.play = new Play(model);
  tabs();
  await words.load();
  words.speak(words.preferred());
  $("language").addEventListener("click", () => {
    const other = words.language === "en" ? "zh" : "en";
    words.keep(other);
    words.speak(other);
    nameLanguage();
    views[document.querySelector(".view:not([hidden])")?.id.slice(5) ?? ""]?.show?.();
  });
  nameLanguage();
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("main").focus();
  });
  window.addEventListener("popstate", moved);
  model.on("view", (name) => {
    address.write({ view: name, lesson: null, study: null });
    view(name);
  });
  model.on("busy", (busy) => $("main").setAttribute("aria-busy", String(busy)));
  live.on("line", connected);
  live.connect();
  await view(address.read().view);
}

function nameLanguage() {
  const [name, code] = words.language === "en" ? ["中文", "zh-Hans"] : ["English", "en"];
  Object.assign($("language"), { textContent: name, lang: code });
}

/** The line stands, or it does not. @param {{up: boolean, again?: boolean}} line */
async function connected({ up, again }) {
  if (!up) {
    trouble(live.welcome ? "line.lost" : "line.none");
    return;
  }
  trouble("");
  words.learn(live.welcome?.fields ?? []);
  const own = $("tabs").querySelectorAll("a");
  for (const tab of own) tab.hidden = live.welcome?.collects && !["play", "lessons"].includes(tab.dataset.view); // not for a class
  if ([...own].some((tab) => tab.hidden && tab.ariaCurrent)) await view("play");
  model.tell("welcome", live.welcome);
  if (!again) opening = null;
  if (again) {
    if (model.opened) await model.look(); // whoever only answers lessons gets no process by this
  } else if (model.state || address.read().view !== "lessons") await first();
}

/** Open what the page begins with. Whoever only answers lessons, as a whole class may, takes no process for a training. */
function first() {
  return (opening ??= started());
}

/** Where the address holds a state that is refused, the page says so, and begins with the usual one. */
async function started() {
  await model.open(model.state ? model.whole : address.read().state ?? live.welcome?.state, { quietly: true });
  if (model.state) return;
  const said = [...$("notes").children];
  await model.open(live.welcome?.state, { quietly: true });
  $("notes").prepend(...said);
}

/** Back and forward: another view, or an earlier state. */
async function moved() {
  const { view: name, state } = address.read();
  if (state && JSON.stringify(state) !== JSON.stringify(model.whole)) await model.open(state, { quietly: true });
  await view(name);
}

begin();
