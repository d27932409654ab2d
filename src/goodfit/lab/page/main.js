// The beginning: words, line, model, views, and the address that ties them together.
import * as address from "./address.js";
import { $, h } from "./dom.js";
import { View as Choose } from "./choose.js";
import { View as Lessons } from "./lessons.js";
import { Live } from "./live.js";
import { Model } from "./model.js";
import { Notes } from "./notes.js";
import { Play } from "./play.js";
import { View as Runs } from "./runs.js";
import { View as Say } from "./say.js";
import { View as Step } from "./step.js";
import { View as Studies } from "./studies.js";
import * as words from "./words.js";

/** @type {Promise<void>|null} of what the page begins with */
let opening = null;
const live = new Live();
const model = new Model(live);
/** @type {Record<string, {show?: () => void, hide?: () => void}>} */
const views = {};
/** Views besides Play, made when they are first seen. @type {Record<string, new (host: HTMLElement, model: Model) => any>} */
const LATER = { step: Step, say: Say, choose: Choose, studies: Studies, lessons: Lessons, runs: Runs };

/** The name of the view that is seen. */
const seen = () => document.querySelector(".view:not([hidden])")?.id.slice(5) ?? "play";

async function view(name) {
  const tab = $("tabs").querySelector(`[data-view="${CSS.escape(name)}"]`);
  const known = tab && !tab.hidden ? name : "play";
  const host = $(`view-${known}`);
  views[known] ??= new LATER[known](host, model);
  if (host.hidden) views[seen()]?.hide?.();
  for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".view"))) section.hidden = section !== host;
  for (const link of $("tabs").querySelectorAll("a")) link.ariaCurrent = link.dataset.view === known ? "page" : null;
  host.setAttribute("aria-labelledby", `${known}-title`);
  words.translate(host);
  model.tell("seen", known);
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

/** The trouble that stands above everything: one sentence, gone when it is over. */
function trouble(sentence) {
  if ($("alerts").textContent !== sentence) $("alerts").replaceChildren(...(sentence ? [h("p", {}, sentence)] : []));
}

async function begin() {
  new Notes(model);
  views.play = new Play(model);
  tabs();
  await words.load();
  words.speak(words.preferred());
  $("language").addEventListener("click", () => {
    const other = words.language === "en" ? "zh" : "en";
    words.keep(other);
    words.speak(other);
    nameLanguage();
    views[seen()]?.show?.();
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

/** The line stands, or it does not. @param {{up: boolean, again?: boolean, sentence?: string}} line */
async function connected({ up, again, sentence = "" }) {
  const down = $("alerts").firstChild;
  trouble(sentence);
  if (!up) return;
  const asked = address.read().state; // before what the session tells is written there
  words.learn(live.welcome);
  const own = $("tabs").querySelectorAll("a");
  for (const tab of own) tab.hidden = live.welcome?.collects && !["play", "lessons"].includes(tab.dataset.view); // not for a class
  if ([...own].some((tab) => tab.hidden && tab.ariaCurrent)) await view("play");
  model.tell("welcome", live.welcome);
  if (!again) opening = null;
  if (again && model.opened) await model.look();
  else if (again) await (opening = resumed(asked));
  else if (model.state || address.read().view !== "lessons") await first(); // whoever only answers lessons gets no process by this
  if (down) views[seen()]?.show?.(); // it may have asked in vain
}

/** Loaded anew, the page goes on with what its tab trained, unless its address says otherwise. @param {any} asked the state there */
async function resumed(asked) {
  await model.look(); // once this is answered, all has been told
  const changes = (state) => JSON.stringify([state?.acts ?? [], state?.branch?.acts ?? []]);
  if (!model.opened || changes(asked) !== changes(model.whole)) await model.open(asked, { quietly: true });
  model.plays = model.playing;
}

/** Open what the page begins with. Whoever only answers lessons, as a whole class may, takes no process for a training. */
function first() {
  return (opening ??= started());
}

/** Where the address holds a state that is refused, the page says so, and begins with the usual one. */
async function started() {
  const asked = model.state ? model.whole : address.read().state ?? live.welcome?.state;
  await model.open(asked, { quietly: true });
  if (model.state) return;
  const said = [...$("notes").children];
  await model.open(live.welcome?.state, { quietly: true });
  $("notes").prepend(...said);
  if (model.gone === asked) model.lack(asked);
}

/** Back and forward: another view, or an earlier state. */
async function moved() {
  const { view: name, state } = address.read();
  await view(name); // first, for what is refused is said there
  if (!state || JSON.stringify(state) === JSON.stringify(model.whole)) return;
  if (!(await model.open(state, { quietly: true })) && live.socket) model.keep(); // the address says what is shown
}

begin().catch(() => trouble(words.t("line.lost")));
