// Pages that lie on a disk may not read each other: the search then shows titles without the lines around what was found.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What can be scrolled sideways can be reached from the keyboard, and nothing else is in its way.
const reachable = () => {
  for (const box of document.querySelectorAll("article pre, article .table-wrapper, article .cell_output"))
    box.scrollWidth > box.clientWidth ? box.setAttribute("tabindex", "0") : box.removeAttribute("tabindex");
};

addEventListener("resize", reachable);
addEventListener("DOMContentLoaded", () => {
  reachable();
  // Places of a page that a screen reader lists are told apart by name.
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Site");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
});
