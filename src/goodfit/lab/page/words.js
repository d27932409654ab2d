// The page's words in two languages. An element keeps the key of its words, so that the language can change at any time.
import { h } from "./dom.js";

const KEPT = "goodfit-lab-language";
/** By key: English, Chinese. @type {Record<string, string[]>} */
const words = {};
export let language = "en";

/** The language chosen before, else the browser's if the page has it. */
export function preferred() {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** Load the words of both languages: a line a key, with tabs between it, the English and the Chinese. */
export async function load() {
  const answer = await fetch(new URL("words.tsv", import.meta.url));
  for (const line of (await answer.text()).trimEnd().split("\n")) {
    const [key, ...both] = line.split("\t");
    words[key] = both;
  }
}

/** Speak a language. @param {string} name "en" or "zh" */
export function speak(name) {
  language = name;
  document.documentElement.lang = name === "zh" ? "zh-Hans" : "en";
  translate(document.documentElement);
  document.dispatchEvent(new CustomEvent("language"));
}

/** Learn the words of what the server declares: fields of a recipe, and what else may be asked for. @param {any} told its welcome */
export function learn(told) {
  const named = told.fields.map(({ name, label }) => [`field.${name}`, label]);
  for (const [key, { en, zh }] of [...named, ...Object.entries(told.words)]) words[key] = [en, zh];
  translate(document.documentElement);
}

/** Keep the choice for the next visit. */
export const keep = (name) => localStorage.setItem(KEPT, name);

/** The words of a key, with {name} replaced. @param {Record<string, any>} [values] */
export function t(key, values = {}) {
  return tOr(key, key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/** Sentences of the server in Chinese, by their English. @type {Record<string, string>} */
export const chinese = {};

/** What came in both languages in that of the page; a text of which there is no Chinese as it is. @param {string|{en: string, zh: string}} words */
export function of(words) {
  const zh = language === "zh";
  return typeof words === "string" ? ((zh && chinese[words]) || words) : words[zh ? "zh" : "en"];
}

/** Fields of a recipe with their values. @param {Record<string, any>} fields */
export const named = (fields) => Object.entries(fields).map(([name, value]) => `${t(`field.${name}`)} ${Array.isArray(value) ? value.join(", ") : value}`).join(", ");

/** The words of a key, or something else where there are none. */
export const tOr = (key, otherwise) => words[key]?.[language === "zh" ? 1 : 0] ?? otherwise;

/**
 * Give an element words that follow the language; the element.
 * @param {Element} element
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @param {string} [where] "" for its text, else the attribute
 * @returns {any}
 */
export function put(element, key, values = {}, where = "") {
  const name = where ? `data-w-${where}` : "data-w";
  element.setAttribute(name, key);
  if (Object.keys(values).length) element.setAttribute(`${name}-values`, JSON.stringify(values));
  else element.removeAttribute(`${name}-values`);
  fill(element, name, where);
  return element;
}

/** An element that says sentences of both languages, or of keys; one or several. @param {string|null} [kind] its class */
export const says = (tag, told, kind = null) => put(h(tag, { class: kind }), JSON.stringify([told].flat()));

/** Say in an element that something is being computed, until it is there. @template T @param {HTMLElement} element @param {Promise<T>} what @returns {Promise<T>} */
export async function working(element, what) {
  put(element, "working");
  const found = await what;
  element.removeAttribute("data-w");
  element.textContent = "";
  return found;
}

const PLACES = ["", "aria-label", "title"];

/** Put words into an element and all below it. @param {Element} root */
export function translate(root) {
  for (const where of PLACES) {
    const name = where ? `data-w-${where}` : "data-w";
    for (const element of [root, ...root.querySelectorAll(`[${name}]`)]) if (element.hasAttribute(name)) fill(element, name, where);
  }
}

/** @param {Element} element @param {string} name @param {string} where */
function fill(element, name, where) {
  const values = JSON.parse(element.getAttribute(`${name}-values`) ?? "{}");
  const key = element.getAttribute(name) ?? "";
  const text = key[0] === "[" ? JSON.parse(key).map((each) => of(tOr(each, each))).join(" ") : t(key, values);
  if (where) element.setAttribute(where, text);
  else if (element.textContent !== text) element.textContent = text;
}
