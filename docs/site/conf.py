"""The site's settings for Sphinx; build.py gathers the sources that they are applied to."""

import posixpath
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

import goodfit

sys.path.insert(0, str(Path(__file__).parent))

from site_download import cleaned

project = "goodfit"
copyright = "the goodfit authors"
release = goodfit.__version__
extensions = ["myst_nb", "site_search"]
language = "en"
smartquotes_action = "qe"  # not dashes: "--" begins a flag
html_theme = "furo"
html_title = "goodfit"
pygments_dark_style = "a11y-dark"  # as the light one of the theme; its own draws names like links
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
templates_path = ["templates"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
myst_enable_extensions = ["colon_fence", "attrs_inline", "attrs_block", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # site_notebooks.py has done it
nb_merge_streams = True


ABOUT = {
    "en": f"*A page of the documentation of goodfit {release}, as a notebook. It runs in any folder, where goodfit is "
    "installed.*",
    "zh-Hans": f"*goodfit {release} 文档中的一页，以笔记本形式提供；装有 goodfit 即可在任何文件夹中运行。*",
}
AS_NOTEBOOK = '<p class="as-notebook"><a href="{file}" download>{words}</a></p>'


def _context(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """What every page is told beside what Sphinx tells it."""
    if page.startswith("zh") or page.endswith(".zh"):  # for screen readers, and the browser's choice of letters
        context["language"] = "zh-Hans"
    _offer_notebook(app, page, context)
    if "toctree" in context:  # beside a page stands its own branch alone: all would be most of every page
        whole = context["toctree"]
        context["toctree"] = lambda **wanted: whole(**wanted | {"collapse": True})


def _offer_notebook(app: Any, page: str, context: dict[str, Any]) -> None:
    """Put the notebook that a page is made of beside the page, and a link to it below the title."""
    notebook = Path(app.srcdir) / f"{page}.ipynb"
    if not notebook.exists():
        return
    target = Path(app.outdir) / f"{page}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    own = nbformat.read(notebook, as_version=4)

    def title(address: str) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), address.partition("#")[0] or page))
        found = app.env.titles.get(posixpath.splitext(path)[0])
        return found.astext() if found else ""

    nbformat.write(cleaned(own, title, ABOUT[context["language"]]), target)
    words = "下载本页的 Jupyter 笔记本" if context.get("language") == "zh-Hans" else "Download this page as a notebook"
    link = AS_NOTEBOOK.format(file=target.name, words=words)
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{link}", 1)


def _describe_figures(app: Any, doctree: Any, page: str) -> None:
    """A figure that a cell drew has no words of its own: it is named by the section that it stands in."""
    for each in doctree.findall(nodes.image):
        section = each.parent
        while section is not None and not isinstance(section, nodes.section):
            section = section.parent
        if not each.get("alt") and section is not None:
            chinese = page.startswith("zh") or page.endswith(".zh")
            each["alt"] = f"{'图' if chinese else 'Figure'}: {section.next_node(nodes.title).astext()}"


def _name_flags(app: Any, doctree: Any, page: str) -> None:
    """Let the style know code that has a flag in it, which would break behind its hyphens."""
    for each in doctree.findall(nodes.literal):
        if re.search(r"(^|\s)--\w", each.astext()):
            each["classes"].append("flag")


def _unnamed(translator: Any, node: Any) -> None:
    """An empty cell of a head names no column: it is written as a plain one, which nobody reads aloud."""
    if isinstance(node.parent.parent, nodes.thead) and not node.astext().strip():
        node.parent.column += 1
        translator.body.append("<td></td>")
        raise nodes.SkipNode
    HTML5Translator.visit_entry(translator, node)


def _drop_empty_heads(app: Any, doctree: Any, page: str) -> None:
    """A table of two columns without names has no head."""
    for head in list(doctree.findall(nodes.thead)):
        if not head.astext().strip():
            head.parent.remove(head)


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.add_node(nodes.entry, override=True, html=(_unnamed, HTML5Translator.depart_entry))
    app.connect("doctree-resolved", _drop_empty_heads)
    app.connect("html-page-context", _context, priority=400)  # before the theme
    app.connect("doctree-resolved", _name_flags)
    app.connect("doctree-resolved", _describe_figures)
