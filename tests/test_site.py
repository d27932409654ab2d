"""How the documentation site is put together, without building it: groups, links, and what the check of links finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs_blocks import check_command, commands

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "site"))


def test_every_page_is_in_one_group() -> None:
    from site_pages import placed

    found = placed()
    assert {path: groups for path, groups in found.items() if len(groups) != 1} == {}
    assert found["studies/polynomial.zh.md"] == ["中文"]
    assert found["recipe.md"] == ["Reference"]


def test_a_page_in_no_group_and_one_in_two_would_be_seen(tmp_path: Path) -> None:
    from site_pages import placed

    table = "\n| page | topic |\n|---|---|\n"
    for name in ("one.md", "both.md", "none.md", "more/README.md", "more/child.md", "more/lost.md", "site/index.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# A page\n")
    (tmp_path / "more" / "README.md").write_text("[a child](child.md), [above](../one.md)\n")
    (tmp_path / "README.md").write_text(
        f"# Map\n## Tutorials\nAbout.\n{table}| [one](one.md) | first |\n| [both](both.md) | twice |\n"
        f"## Reference\n{table}| [both](both.md) | again |\n\n### More\n{table}| [folder](more/README.md) | pages |\n"
    )
    assert placed(tmp_path) == {
        "both.md": ["Tutorials", "Reference"],
        "more/README.md": ["Reference"],
        "more/child.md": ["Reference"],
        "more/lost.md": [],
        "none.md": [],
        "one.md": ["Tutorials"],
    }


def test_the_page_of_a_group_lists_its_pages() -> None:
    from site_pages import groups

    found = {group.name: group for group in groups()}
    assert list(found) == ["tutorials", "how-to", "reference", "explanation", "zh"]
    for group in found.values():
        assert re.findall(r"^\[\]\(\./(.+)\)\n: \S", group.page, re.MULTILINE) == group.paths
        assert "|" not in group.page
    first = (DOCS / "site" / "index.md").read_text("utf-8")
    assert {f"{name}.md" for name in found} <= set(re.findall(r"\]\(([\w-]+\.md)\)", first))


def test_the_commands_of_the_first_page_parse() -> None:
    """Two commands lead a newcomer with a table to a verdict."""
    found = list(commands((DOCS / "site" / "index.md").read_text("utf-8")))
    assert found == [["pip", "install", "."], ["goodfit", "verdict", "people.csv", "--target", "income"]]
    for words in found:
        check_command(words)


@pytest.mark.parametrize(
    ("page", "link", "expected"),
    [
        ("a.md", "[b](b.md#part)", "[b](b.md#part)"),
        ("a.md", "[out](https://example.org/x)", "[out](https://example.org/x)"),
        ("a.md", "[here](#part)", "[here](#part)"),
        ("a.md", "![a picture](gone.png)", "![a picture](gone.png)"),
        ("a.md", "[code](../src/goodfit/nets/nets.py)", "code (`src/goodfit/nets/nets.py`)"),
        ("a.md", "[`benchmarks/`](../benchmarks/)", "`benchmarks/`"),
        ("a.md", "[`src/goodfit`](../src/goodfit)", "`src/goodfit`"),
        ("a.md", "[two\nlines](../CONTRIBUTING.md)", "two\nlines (`CONTRIBUTING.md`)"),
        ("a.md", "[new](../CHANGELOG.md#0)", "[new](changelog.md)"),
        ("more/c.md", "[new](../../CHANGELOG.md)", "[new](../changelog.md)"),
        ("security.md", "[new](CHANGELOG.md), [b](b.md)", "[new](changelog.md), [b](b.md)"),
        ("a.md", "[the first page](../README.md#example)", "[the first page](index.md)"),
        ("a.md", "[all](README.md)", "[all](index.md)"),
        ("more/c.md", "[all](../README.md)", "[all](../index.md)"),
        ("more/c.md", "[b](../b.md) and [c](../reference.py)", "[b](../b.md) and c (`docs/reference.py`)"),
        ("a.md", "```python\nx[0](../y)\n```\n[see](../z)", "```python\nx[0](../y)\n```\nsee (`z`)"),
    ],
)
def test_links_that_the_site_has_not_become_words(page: str, link: str, expected: str) -> None:
    from site_links import rewritten

    assert rewritten(link, page, {"a.md", "b.md", "more/c.md"}) == expected


def test_links_to_notebooks_lead_to_what_they_gave() -> None:
    from site_links import rewritten

    text = "[n](more/n.md#part), [a](a.md)"
    assert rewritten(text, "a.md", {"a.md", "more/n.md"}, {"more/n.md"}) == "[n](more/n.ipynb#part), [a](a.md)"


def test_the_check_finds_dead_links_and_foreign_requests(tmp_path: Path) -> None:
    from site_check import elsewhere, problems

    (tmp_path / "folder").mkdir()
    (tmp_path / "style.css").write_text("@import 'https://fonts.example/a.css'; p { background: url(gone.png) }")
    (tmp_path / "folder" / "other.html").write_text('<a href="../index.html#part">up</a><h2 id="there">x</h2>')
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="style.css"><link rel="next" href="folder/other.html#there">'
        '<script src="//cdn.example/mathjax.js"></script><img srcset="https://far.example/a.png 2x" src="data:,">'
        '<h1 id="part">x</h1><a href="#">top</a><a href="#nowhere">x</a><a href="folder/other.html#here">x</a>'
        '<a href="folder/">x</a><a href="../../etc/hosts">x</a><a href="https://example.org">far</a>'
        "<style>p { background: url('http://far.example/b.png') }</style><svg><use href='#part'/></svg>"
    )
    assert set(problems(tmp_path)) == {
        "index.html: fetches //cdn.example/mathjax.js",
        "index.html: fetches https://far.example/a.png",
        "index.html: fetches http://far.example/b.png",
        "index.html: dead anchor #nowhere",
        "index.html: dead anchor folder/other.html#here",
        "index.html: dead link folder/",
        "index.html: dead link ../../etc/hosts",
        "style.css: fetches https://fonts.example/a.css",
        "style.css: dead link gone.png",
    }
    assert elsewhere(tmp_path) == {"https://example.org"}


def test_the_check_finds_paths_and_warnings_of_the_machine_in_outputs_alone(tmp_path: Path) -> None:
    from site_check import problems

    (tmp_path / "index.html").write_text(
        '<p>Write to /tmp/x, see /tmp/z.</p><div class="cell"><div class="cell_input"><pre>open("/tmp/y")</pre></div>'
        '<div class="cell_output docutils"><div class="output"><pre>saved in runs/tmp/3, ./home/a\n'
        'in <span>/tmp</span>/ipykernel_7/1.py</pre></div><div class="output">a/b.py:89: <b>MeasureWarning</b>: look\n'
        "MeasureWarning: without a place\n/var/folders/x</div></div></div><p>lib/site-packages/</p>"
        '<div class="cell_output"><table><tr><td>lib/site-packages/a.py</td></tr></table></div>'
    )
    assert list(problems(tmp_path)) == [
        "index.html: an output shows in /tmp/ipykernel_7/1.py",
        "index.html: an output shows a/b.py:89: MeasureWarning: look",
        "index.html: an output shows /var/folders/x",
        "index.html: an output shows lib/site-packages/a.py",
    ]


NOTEBOOK = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n# A page\n\n```{code-cell} python\n%s\n```\n"


def test_notebooks_run_once_and_an_error_in_one_is_told(tmp_path: Path) -> None:
    pytest.importorskip("myst_nb", reason="of what `make site` installs")
    from site_notebooks import executed, is_notebook

    good, bad = NOTEBOOK % "open('left.txt', 'x').write(str(6 * 7))\nprint(6 * 7)", NOTEBOOK % "1 / 0"
    assert is_notebook(good)
    assert not is_notebook((DOCS / "recipe.md").read_text("utf-8"))
    with pytest.raises(SystemExit, match=r"(?s)docs/bad\.md: .*1 / 0.*ZeroDivisionError"):
        dict(executed({"bad.md": bad, "good.md": good}, tmp_path))
    (kept,) = (tmp_path / "site-executed").iterdir()
    time = kept.stat().st_mtime_ns
    found = dict(executed({"good.md": good}, tmp_path))["good.md"].decode()
    assert '"42\\n"' in found
    assert kept.stat().st_mtime_ns == time
    other = good.replace("A page", "一页\n\n另一种语言")
    other = dict(executed({"good.md": good, "zh/good.md": other}, tmp_path))["zh/good.md"].decode()
    assert '"42\\n"' in other
    assert '"pygments_lexer": "ipython3"' in other  # "!goodfit" is no Python
    assert "# 一页" in other
    assert [path.stat().st_mtime_ns for path in (tmp_path / "site-executed").iterdir()] == [time]
    assert not list(DOCS.rglob("left.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["site-executed"]


def test_a_notebook_to_download_has_what_a_reader_sees() -> None:
    pytest.importorskip("nbformat", reason="of what `make site` installs")
    from nbformat import v4, validate

    from site_download import cleaned

    text = "# A page\n\n[Runs](../runs.md), [these](b.md#part), ![x](x.png), [out](https://example.org)"
    hidden = v4.new_code_cell("assert True", metadata={"tags": ["remove-cell"]})
    told = [v4.new_output("stream", name=name, text="x") for name in ("stdout", "stderr")]
    code = v4.new_code_cell("6 * 7", outputs=told, execution_count=9, metadata={"tags": ["remove-stdout"]})
    titles = {"../runs.md": "Runs", "b.md#part": "B"}
    found = cleaned(v4.new_notebook(cells=[v4.new_markdown_cell(text), hidden, code]), titles.__getitem__, "About.")
    validate(found)
    first, second = found.cells
    assert first.source == ("# A page\n\nAbout.\n\n*Runs*, these (*B*), ![x](x.png), [out](https://example.org)")
    assert (second.source, second.execution_count, second.metadata) == ("6 * 7", 1, {})
    assert [output["name"] for output in second.outputs] == ["stderr"]


def test_a_cell_that_prints_and_hides_it_is_told(tmp_path: Path) -> None:
    pytest.importorskip("myst_nb", reason="of what `make site` installs")
    from site_notebooks import executed

    bad = NOTEBOOK % ":tags: [remove-stdout]\nfor each in (1, 2):\n    print(each)"
    good = NOTEBOOK % ":tags: [remove-stdout, remove-cell]\nprint(1)"
    with pytest.raises(SystemExit, match=r"^docs/bad\.md: a cell prints .* remove-stdout .*: for each in \(1, 2\):$"):
        dict(executed({"good.md": good, "bad.md": bad}, tmp_path))
    assert not list((tmp_path / "site-executed").iterdir())


def test_outputs_are_of_the_file_that_runs_the_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("myst_nb", reason="of what `make site` installs")
    import site_notebooks

    before, other = site_notebooks.executor(), tmp_path / "site_notebooks.py"
    other.write_text(Path(site_notebooks.__file__).read_text("utf-8") + "# another\n", "utf-8")
    assert site_notebooks.executor() == before
    monkeypatch.setattr(site_notebooks, "__file__", str(other))
    assert site_notebooks.executor() != before


def test_pages_that_are_found_by_other_words_are_there() -> None:
    pytest.importorskip("sphinx", reason="of what `make site` installs")
    from site_search import OTHER_WORDS, SearchBoth

    assert [name for name in OTHER_WORDS if not (DOCS / f"{name}.md").exists()] == []
    splitter = SearchBoth.__new__(SearchBoth)
    assert splitter.split("Regularisation of nets") == ["Regularisation", "Regularization", "of", "nets"]
