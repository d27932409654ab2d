// Pages that lie on a disk may not read each other: the search then shows titles without the lines around what was found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// The last are of goodfit's own tables in notebooks.
const BOXES = "article pre, article .table-wrapper, article .cell_output, article .cell_output [style*='overflow-x']";

// What stands nearest above: a table's name, which has none of its own.
const headingOf = (box) => {
  const heading = box.closest("section")?.querySelector("h1, h2, h3, h4, h5");
  return [...(heading?.childNodes ?? [])].filter((each) => each.className !== "headerlink").map((each) => each.textContent).join("");
};

// Whether there is more to the right, which the style then shows by a fading edge.
const fade = (box) => box.classList.toggle("more", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);

// What can be scrolled sideways can be reached from the keyboard, and nothing else is in its way. A table is named, too:
// by its place, for a heading may stand above several.
const reachable = () => {
  const chinese = document.documentElement.lang.startsWith("zh");
  document.querySelectorAll(BOXES).forEach((box, place) => {
    const wide = box.scrollWidth > box.clientWidth;
    wide ? box.setAttribute("tabindex", "0") : box.removeAttribute("tabindex");
    if (box.matches("pre")) return;
    const name = chinese ? `${headingOf(box)}：可左右滚动（${place + 1}）` : `${headingOf(box)}, scrolls sideways (${place + 1})`;
    wide ? box.setAttribute("role", "region") : box.removeAttribute("role");
    wide ? box.setAttribute("aria-label", name) : box.removeAttribute("aria-label");
    box.onscroll = () => fade(box);
    fade(box);
  });
};

addEventListener("resize", reachable);
addEventListener("load", reachable); // pictures and letters are there
addEventListener("DOMContentLoaded", () => {
  reachable();
  // The corner of a table of a notebook is a head of nothing.
  for (const head of document.querySelectorAll("article .cell_output th")) {
    if (head.textContent.trim()) continue;
    const cell = document.createElement("td");
    cell.style.cssText = head.style.cssText;
    head.replaceWith(cell);
  }
  // Places of a page that a screen reader lists are told apart by name.
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Site");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
});

// In a narrow window the theme hides menu and contents behind signs that only a pointer reaches, and leaves the keyboard
// to walk through what is not seen: signs become buttons, and what is hidden is out of the way.
const drawer = (toggle, box, name) => {
  const signs = document.querySelectorAll(`label[for="${toggle.id}"]:not(.overlay)`);
  const settle = () => {
    const hides = getComputedStyle(box).position === "fixed";
    box.inert = hides && !toggle.checked;
    for (const sign of signs) sign.setAttribute("aria-expanded", String(hides && toggle.checked));
  };
  for (const sign of signs) {
    for (const [key, value] of [["role", "button"], ["tabindex", "0"], ["aria-label", name]]) sign.setAttribute(key, value);
    sign.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle.click();
      box.querySelector("a, input")?.focus();
    });
  }
  toggle.addEventListener("change", settle);
  addEventListener("resize", settle);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !toggle.checked) return;
    toggle.click();
    [...signs].find((sign) => sign.offsetParent)?.focus();
  });
  settle();
};

addEventListener("DOMContentLoaded", () => {
  for (const [id, place, name] of [["__navigation", ".sidebar-drawer", "Menu"], ["__toc", ".toc-drawer", "Contents"]]) {
    const [toggle, box] = [document.getElementById(id), document.querySelector(place)];
    if (toggle && box) drawer(toggle, box, name);
  }
});
