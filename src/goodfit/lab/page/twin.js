// A picture and its twin: a canvas, a line that reads what is pointed at, and a fold with a table of the same data.
import { h } from "./dom.js";

const WAIT = 1000; // milliseconds from new data to a new table

/**
 * @param {HTMLElement} host
 * @param {string} title key of its words
 * @param {() => Node[]} fill the table as it is now; it is kept up to date while the fold is open
 * @param {string} [kind] class of the picture
 */
export function twinned(host, title, fill, kind = "") {
  /** @type {HTMLCanvasElement} */
  const canvas = h("canvas", { "aria-hidden": "true" });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "data-w-aria-label": title });
  let later = 0;
  const tabulate = () => {
    later = 0;
    table.replaceChildren(...(twin.open ? fill() : []));
  };
  const twin = h("details", { class: "twin", toggle: tabulate }, h("summary", { "data-w": "twin" }), table);
  const plot = h("div", { class: `plot ${kind}` }, canvas, readout);
  host.append(plot, twin);
  const renew = () => {
    if (twin.open) later ||= window.setTimeout(tabulate, WAIT);
  };
  return { canvas, readout, table, twin, plot, renew };
}
