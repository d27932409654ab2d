// A page that the server draws, in a frame: without scripts, and as high as what it holds.
import { h } from "./dom.js";
import { url } from "./files.js";
import { token } from "./live.js";
import { put } from "./words.js";

export class Frame {
  /** @param {string} key of its words for those who do not see it @param {(path: string) => void} [seen] told where it stands */
  constructor(key, seen = () => {}) {
    this.key = key;
    this.seen = seen;
    this.element = h("div", { class: "framed" });
  }

  /** Show another page once it is there; until then the one before stays. @param {string} path @param {Record<string, string>} [query] */
  show(path, query) {
    const next = h("iframe", { sandbox: "allow-same-origin", src: url(`framed/${token()}/${path}`, query), load: () => this.fit(next) });
    put(next, this.key, {}, "title");
    this.element.append(next); // a new element: another address in the same one would be an entry of the browser's history
  }

  /** @param {HTMLIFrameElement} frame that has loaded */
  fit(frame) {
    while (this.element.firstChild !== frame) this.element.firstChild?.remove();
    const page = /** @type {Document} */ (frame.contentDocument);
    new ResizeObserver(() => (frame.style.height = `${page.documentElement.offsetHeight}px`)).observe(page.documentElement);
    this.seen(page.URL);
  }
}
