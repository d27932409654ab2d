// A page that the server draws, in a frame: without scripts, and as high as what it holds.
import { h } from "./dom.js";
import { token } from "./live.js";
import { put } from "./words.js";

export class Frame {
  /** @param {string} key of its words for those who do not see it @param {(path: string) => void} [seen] told where it stands */
  constructor(key, seen = () => {}) {
    this.key = key;
    this.seen = seen;
    this.element = h("div", { class: "framed" });
  }

  /** Show another page once it is there; until then the one before stays. @param {Record<string, string>} [query] */
  show(path, query) {
    const next = h("iframe", { sandbox: "allow-same-origin", src: `framed/${token()}/${path}?${new URLSearchParams(query)}`, load: () => this.fit(next) });
    this.element.append(put(next, this.key, {}, "title")); // a new element: another address in the same one would be an entry of the browser's history
  }

  /** @param {HTMLIFrameElement} frame that has loaded */
  fit(frame) {
    while (this.element.firstChild !== frame) this.element.firstChild?.remove();
    this.element.classList.remove("old");
    const page = frame.contentDocument; // null of a page that was refused, or of a server that is gone
    if (!page) return frame.replaceWith(put(h("p", { class: "note", role: "status" }), "frame.none"));
    new ResizeObserver(() => (frame.style.height = `${page.documentElement.offsetHeight}px`)).observe(page.documentElement);
    this.seen(page.URL);
  }
}
