"""The page as a whole: its size, its words, how it is read and steered without a mouse, how it comes back."""

from __future__ import annotations

import itertools
import json
import os
import signal
from pathlib import Path

import pytest
from person_help import SMALL, Person, encoded

import goodfit.lab
from browser_checks import FAINT_TEXT
from goodfit.lab.greeting import greeting, knobs
from goodfit.training import Recipe

pytestmark = pytest.mark.xdist_group("lab-page")
PAGE = Path(goodfit.lab.__file__).parent / "page"
LARGEST = 200 * 1024  # bytes of all files
UNNAMED = """[...document.querySelectorAll("button, input, select, [role=region], section, dialog")]
  .filter(each => each.getClientRects().length)
  .filter(each => !(each.getAttribute("aria-label") || each.getAttribute("aria-labelledby") || each.labels?.length
    || each.textContent.trim())).map(each => each.outerHTML.slice(0, 90))"""
DOUBLE = """(() => { const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
  return ids.filter((id, at) => ids.indexOf(id) !== at); })()"""
LOST = """[...document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")].flatMap(each =>
  ["aria-labelledby", "aria-describedby", "for"].map(name => each.getAttribute(name)).filter(Boolean)
  .filter(id => !document.getElementById(id)))"""
UNTRANSLATED = """[...document.querySelectorAll("body *")].flatMap(each => [...each.childNodes])
  .filter(each => each.nodeType === 3 && %s.includes(each.data.trim())).map(each => each.data)"""
SOCKETS = """(() => { const Own = WebSocket; window.sockets = [];
  window.WebSocket = class extends Own {
    constructor(...given) { super(...given); window.sockets.push(this); }
  }; })()"""


def words(language: str) -> dict[str, str]:
    lines = [line.split("\t") for line in (PAGE / "words.tsv").read_text("utf-8").splitlines()]
    assert all(len(line) == 3 for line in lines)
    assert len({key for key, *_ in lines}) == len(lines)
    both = {key: pair for key, *pair in lines}
    told = {key: label[language] for key, label in knobs()["words"].items()}  # by the server
    return {key: pair[language == "zh"] for key, pair in both.items()} | told


def test_the_page_is_small() -> None:
    assert sum(path.stat().st_size for path in PAGE.rglob("*") if path.is_file()) <= LARGEST


def test_both_languages_have_the_same_words() -> None:
    english, chinese = words("en"), words("zh")
    assert all(text.strip() for text in (*english.values(), *chinese.values()))
    for key, text in english.items():
        assert {part.partition("}")[0] for part in text.split("{")[1:]} == {
            part.partition("}")[0] for part in chinese[key].split("{")[1:]
        }, key


def test_every_field_of_a_recipe_has_words() -> None:
    meanings = json.loads((PAGE.parent / "fields.zh.json").read_text("utf-8"))
    assert meanings.keys() == Recipe.model_fields.keys()
    assert knobs()["fields"].keys() == Recipe.model_fields.keys()
    for label in knobs()["fields"].values():
        assert [*label] == ["en", "zh"]
        assert all(text.strip() for text in label.values())


def test_everything_to_learn_from_has_words() -> None:
    """Its name and what its parameters do, in both languages, and a label for each."""
    for each in greeting()["data"]:
        assert each["label"] == each["name"] or {*each["label"]} == {"en", "zh"}
        offered = {*each["parameters"]} - {"n_test"}
        assert {*each["knobs"]} == offered
        assert all({"en", "zh"} <= {*knob} for knob in each["knobs"].values())
        assert {f"data.{name}" for name in offered} <= {*words("en")}


def test_every_word_is_used() -> None:
    """A key stands in the page whole, or up to its last part, which the page puts there.

    `.what` explains another, `.lead` stands below the title of a view.
    """
    source = "".join(path.read_text("utf-8") for path in PAGE.iterdir() if path.suffix in {".js", ".html"})
    for key in words("en"):
        if key.endswith(".lead"):
            assert f'header("{key.removesuffix(".lead")}")' in source, key
            continue
        first = key.removesuffix(".what").rpartition(".")[0]
        assert f'"{key.removesuffix(".what")}"' in source or f"{first}.${{" in source, key


def test_nothing_is_asked_of_anybody_else_and_nothing_is_complained_of(person: Person) -> None:
    """Also where it is opened anew, with the state in its address."""
    person.go()
    person.play(5)
    assert person.complaints() == []


def test_it_can_be_read_in_all_looks(person: Person) -> None:
    """Contrast, names of all controls, ids, and a width that no line leaves; light and dark, wide and narrow."""
    person.go()
    for host in ("#net", "#picture", "#loss", "#score"):
        person.table(host)
    for width, scheme in ((1440, "light"), (1440, "dark"), (1024, "light"), (360, "dark")):
        person.look(width, scheme)
        assert person.value("document.documentElement.scrollWidth") <= width
        assert person.value(FAINT_TEXT) == []
    assert person.value(UNNAMED) == []
    assert person.value(DOUBLE) == []
    assert person.value(LOST) == []


def test_it_speaks_chinese(person: Person) -> None:
    person.go()
    person.click("#language")
    person.until("document.documentElement.lang === 'zh-Hans'")
    assert person.text("#recipe-title") == words("zh")["recipe"]
    assert person.text("[data-field=learning_rate] label") == "学习率"
    assert person.text("[data-field=learning_rate] .unseen") == "调度之前的学习率。"
    assert person.value("document.title") == "goodfit 实验室"
    assert person.value(UNTRANSLATED % json.dumps([key for key in words("en") if "." in key])) == []
    assert person.table("#loss")[0] == ["轮次", "训练"] or person.table("#loss")[0] == ["轮次", "验证", "训练"]


def test_all_of_it_by_keys(person: Person) -> None:
    """From the first Tab: the link to the lab, the tabs, the language, back, play, and a slider."""
    person.go()
    person.value("(document.activeElement.blur(), window.scrollTo(0, 0))")
    person.of("#skip", "found.focus()")
    person.press("Enter", 13, text="\r")
    assert person.value("document.activeElement.id") == "main"
    person.press("Tab", 9)
    assert person.value("document.activeElement.id") == "reset"
    person.press("Tab", 9)
    assert person.value("document.activeElement.id") == "play"
    person.press(" ", 32, text=" ")
    person.until("parseInt(document.querySelector('#epoch').textContent) > 3")
    person.press(" ", 32, text=" ")
    person.settled()
    assert person.value("document.activeElement.id") == "play"
    there = person.epoch
    person.of("#rewind", "found.focus()")
    person.press("ArrowLeft", 37)
    person.until(f"document.querySelector('#epoch').textContent === '{there - 1}'")
    outline = person.value("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_what_happens_is_said_but_not_too_often(person: Person) -> None:
    """One sentence that stays and changes its words, at most every two seconds."""
    person.go()
    person.value(
        "(() => { window.heard = []; const live = document.querySelector('#live'); window.told = live;"
        " new MutationObserver(() => window.heard.push(performance.now())).observe(live, {childList: true}); })()"
    )
    person.click("#play")
    person.until("window.heard.length >= 2")
    person.click("#play")
    person.settled()
    times = person.value("window.heard")
    assert all(later - earlier >= 1900 for earlier, later in itertools.pairwise(times))
    assert person.value("window.told === document.querySelector('#live')")
    assert person.text("#live").startswith("Epoch ")
    assert "over 4 nets" in person.text("#live")


def test_it_comes_back_when_the_line_breaks(person: Person) -> None:
    """The socket is closed under a training: the page asks for the rest of it, and says nothing for ever."""
    browser = person.browser
    script = browser.ask("Page.addScriptToEvaluateOnNewDocument", source=SOCKETS)["identifier"]
    person.open({**SMALL, "seed": 5000})
    browser.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    person.play(6)
    there, table = person.epoch, person.table("#loss")
    person.value("window.sockets.at(-1).close()")
    person.until("document.querySelector('#alerts p')")
    person.until("window.sockets.length === 2 && !document.querySelector('#alerts p')")
    person.until(f"parseInt(document.querySelector('#epoch').textContent) === {there}")
    person.until("document.querySelector('#main').getAttribute('aria-busy') !== 'true'")
    assert person.table("#loss") == table
    person.step()


def test_a_training_whose_process_died_is_opened_again(person: Person) -> None:
    """By itself, to the same bits, paused, with one sentence; where it dies again at once, by a button."""
    person.go()
    person.step()
    person.write("[data-field=l2] input[type=text]", "0.01")
    person.until("document.querySelector('#marks').children.length === 1")
    person.step()
    person.settled()
    before, table = person.state(), person.table("#loss")

    def killed() -> None:
        for session in [*person.app.sessions.known.values()]:
            if session.process is not None and session.pages:
                os.kill(session.process, signal.SIGKILL)

    killed()
    person.until("document.querySelector('#notes').textContent.includes('has been opened again')")
    person.settled()
    assert person.state() == before  # with the change that was made on the way
    assert person.table("#loss") == table
    assert person.text("#state") == "Paused"
    killed()
    person.until("document.querySelector('#notes').textContent.includes('open its state again')")
    assert person.text("#state") == "Paused"
    person.click("#notes .note button")
    person.until("document.querySelector('#notes').textContent === ''")
    person.settled()
    assert person.state() == before
    person.step()


def test_an_address_that_holds_nothing_is_said_and_opened_as_new(person: Person) -> None:
    person.value(f"location.hash = '#view=play&state={encoded({'recipe': {'hiden': [3]}, 'data': {'name': 'moons'}})}'")
    person.until("document.querySelector('#notes').textContent.includes(\"'hiden' is not a field\")")
    gone = {"file": "gone.csv", "target": "c"}  # it is not what is at fault
    person.open({"recipe": {"hiden": [3]}, "data": gone})  # in a new tab: as the usual state
    person.until("document.querySelector('#notes').textContent.includes(\"'hiden' is not a field\")")
    assert (person.state()["nets"], person.of("#data-name", "found.value")) == (8, "moons")
    assert person.of("#main", "found.getAttribute('aria-busy')") == "false"


def test_a_file_that_is_gone_is_asked_for(person: Person, tmp_path: Path) -> None:
    """The state waits in the address, with its target, and is opened once the file is there."""
    gone = {**SMALL, "data": {"file": "gone.csv", "target": "c"}, "epoch": 2}
    table = tmp_path / "gone.csv"
    table.write_text("a,b,c\n" + "".join(f"{place},{place % 7},{place % 3}\n" for place in range(80)))
    person.open(gone)
    person.until("document.querySelector('#notes').textContent.includes('Drop it on the page again')")
    person.step()  # what is shown meanwhile is trained
    assert (person.state(), person.of("#target", "found.value")) == (gone, "c")
    person.give(table)
    person.until("document.querySelector('#legend').textContent.includes('across: a')")
    person.until("document.querySelector('#epoch').textContent === '2'")
    person.click("#language")
    notes = "[...document.querySelectorAll('#notes .note span')].map(each => each.textContent)"
    assert person.value(notes) == [
        "列 'a' 逐行递增；如果它是编号，请用 --id a 去掉。",
        "目标 'c' 在 80 行中有 3 个不同的整数，按类别处理；若要改变，请把任务设为回归。",
    ]
