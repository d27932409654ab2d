// Runs: the run folders of the working directory, drawn by the server: curves of each recipe, the list, and reports.
import { button, header, labelled } from "./controls.js";
import { h, patient } from "./dom.js";
import { Frame } from "./frame.js";
import { language, translate } from "./words.js";

export class View {
  constructor(host) {
    const again = patient(() => this.show(), 300);
    this.filter = h("input", { type: "search", id: "runs-filter", input: again });
    this.sort = h("select", { id: "runs-sort", change: again }, ...["date", "score", "name", "recipe"].map((each) => h("option", { value: each, "data-w": `sort.${each}` })));
    this.back = button("back", () => this.show(), "quiet");
    this.back.hidden = true;
    this.frame = new Frame("tab.runs", (path) => (this.back.hidden = path.includes("runs.html")));
    host.classList.add("read");
    host.append(header("runs"), h("div", { class: "line ends" }, labelled("runs.filter", this.filter), labelled("runs.sort", this.sort), this.back), this.frame.element);
    translate(host);
  }

  show() {
    this.frame.show("runs.html", { language, filter: this.filter.value, sort: this.sort.value });
  }
}
