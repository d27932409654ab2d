"""The other views: a step in slow motion, what can be said, how to choose, lessons, and what is taken away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from person_help import ENGLISH, SMALL, Person

from goodfit.data import load
from goodfit.data.tables.files import READERS
from goodfit.lab.claim_list import CLAIMS
from goodfit.lab.lessons import shipped

CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {configurable: true,
  value: {writeText: async (text) => { window.copied = text; }}}) && 0"""
pytestmark = pytest.mark.xdist_group("lab-page")
TINY = {**SMALL["recipe"], "hidden": [3], "epochs": 4}


def test_a_step_in_slow_motion(person: Person) -> None:
    """Forward, loss, backward with the gradient beside its finite difference, and the update of every tensor."""
    person.go(view="step", recipe=TINY)
    person.until("document.querySelectorAll('#chain .chip').length")
    chips = [
        part.strip() for part in person.value("[...document.querySelectorAll('.chip')].map(each => each.textContent)")
    ]
    assert chips[:6] == ["x", "W1", "b1", "z1", "a1", "W2"]
    assert {"l", "L", "J", "W1←z1", "z1←a1", "W1′", "b2′"} <= {*chips}
    person.click("#view-step .primary")
    person.until("document.querySelector('.chip[aria-current]').textContent === 'W1'")
    person.click(f".chip[data-at='{chips.index('W1←z1')}']")
    rows = person.rows("#stage .matrices > table")
    assert rows[0][1:] == ["gradient", "finite difference"]
    for _, gradient, difference in rows[1:]:
        assert float(gradient) == pytest.approx(float(difference), rel=1e-4, abs=1e-7)
    assert "They agree" in person.text("#stage")
    assert len(person.rows("#strip table")) == 3  # the head, a hidden layer, the outputs


def test_findings_are_those_of_inspect(person: Person) -> None:
    """Every weight alike, and steps too long: the checks say so; one click tries an advice, and the page says that.

    What may change on the way is changed from there on, and marked in the curve; for the rest the nets begin anew.
    """
    person.go(recipe={**TINY, "init": "constant", "init_scale": 0.5, "optimizer": "sgd", "learning_rate": 50.0})
    person.step()
    person.click("a[data-view=say]")
    person.click("#view-say .primary")
    person.until("document.querySelector('.finding.issue')")
    found = person.text("#findings")
    assert "symmetric-units · hidden 1, unit 1" in found  # counted as in the drawing
    assert "unknown whether" not in found  # the lab knows that it was trained
    person.click("#language")
    assert person.value(ENGLISH % ".finding > p:not(.muted)") == []
    assert "symmetric-units · 隐藏层 1、单元 1" in person.text("#findings")
    person.click("#language")
    tries = "[...document.querySelectorAll('.finding.issue button + span')].map(each => each.textContent)"
    advised = person.value(tries)
    rate, start = (
        next(place for place, words in enumerate(advised) if words.startswith(name)) for name in ("Learn", "Initi")
    )
    person.value(f"document.querySelectorAll('.finding.issue button')[{rate}].click()")
    person.until("document.querySelector('#marks').textContent.includes('epoch 1: ')")
    assert person.text("#marks").startswith("epoch 1: Learning rate")
    person.click("a[data-view=say]")
    person.value(f"document.querySelectorAll('.finding.issue button')[{start}].click()")
    person.until(
        f"document.querySelector('#notes').textContent.includes({json.dumps(f'Begun anew with {advised[start]}')})"
    )
    assert person.value("document.querySelector('#tabs [aria-current]').dataset.view") == "play"
    assert person.state()["recipe"].get("init") != "constant"
    person.click("#notes .close")


def test_a_claim_is_decided_with_its_interval(person: Person) -> None:
    person.go(recipe=TINY, view="say")
    person.until(f"document.querySelectorAll('#claim option').length === {len(CLAIMS)}")
    assert "…" not in person.text("#claim")
    person.choose("#claim", "faster-rate")
    person.click("#view-say section:nth-of-type(2) .primary")
    person.until("document.querySelector('.decided')")
    said = person.text("#claimed")
    assert said.startswith(("It holds", "It does not hold", "Nobody can tell yet"))
    assert "A learning rate of 0.1 instead of 0.01" in said
    assert "by 16 pairs of nets" in said
    assert "to the right of zero speaks for the claim" in person.of(".interval", "found.getAttribute('aria-label')")


DRAWN = """(() => {
  window.drawn = new Set();
  const fill = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...where) {
    window.drawn.add(text);
    return fill.call(this, text, ...where);
  };
})()"""  # what is written on canvases from then on


def test_a_capacity_curve_grows_by_width(person: Person) -> None:
    person.go(recipe=TINY, view="choose")
    person.write("#capacity-widths", "1, x")
    person.click("#view-choose .primary")
    person.until("document.querySelector('#capacity-job .error')")
    assert person.text("#capacity-job .error").startswith("Capacity: width 2 must be a whole number from 1 to 1,024")
    person.value(DRAWN)
    person.write("#capacity-widths", "1, 3, 7")
    person.write("#capacity-nets", "3")
    person.click("#view-choose .primary")
    person.until("document.querySelector('#capacity-told p')?.textContent.endsWith('epoch 4 of 4')")
    rows = person.table("#capacity-chart")
    assert rows[0] == ["width", "validation", "training"]
    assert [row[0] for row in rows[1:]] == ["1", "3", "7"]
    assert all(" to " in row[1] for row in rows[1:])  # an interval
    person.until("['1', '3', '7'].every(each => window.drawn.has(each))")  # the axis names the widths
    person.until("document.querySelector('#capacity-job').textContent === ''")  # told after the last curve


def test_folds_are_nets(person: Person) -> None:
    person.go(recipe=TINY, view="choose")
    person.write("#folds-k", "3")
    person.click("#view-choose section:nth-of-type(2) button")
    person.until("document.querySelector('#folds-told table')")
    rows = person.rows("#folds-told table")
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "mean (corrected interval)"]


def test_the_sealed_test_set_counts_its_openings(person: Person) -> None:
    seed = 4711  # rows that no other test opens
    person.go(recipe=TINY, view="choose", data={**SMALL["data"], "seed": seed})
    rows = len(load("moons", seed=seed, noise=0.2, n_train=120).test)
    person.until("document.querySelector('#openings')")
    assert person.text("#openings") == f"{rows} test rows. Openings so far: 0."
    person.click("#sealed button")
    person.click("#sealed .primary")
    person.until("document.querySelector('#unsealed')")
    assert person.text("#openings").endswith("so far: 1.")
    assert person.text("#unsealed").startswith(
        "Scored after epoch 0 of 4: all 4 nets, predicting together. Accuracy 0."
    )


def test_a_lesson_scores_what_was_predicted(person: Person) -> None:
    """By keys alone, after it was found: the prediction, the run, and what came of it."""
    person.go(view="lessons")
    person.until(f"document.querySelectorAll('#view-lessons .lesson').length === {len(shipped())}")
    person.of(".lesson[data-name='chain-rule']", "found.focus()")
    person.press("Enter", 13, text="\r")
    person.until("document.activeElement.id === 'lessons-title'")  # who enters a lesson is in it
    person.of("#view-lessons input[name=prediction]", "found.focus()")
    person.browser.ask("Input.insertText", text="0.25")
    person.press("Tab", 9, times=2)
    assert person.value("document.activeElement.type") == "submit"
    person.press("Enter", 13, text="\r")
    person.until("document.querySelector('#answered .answer')", 60)
    assert person.text("#answered .answer") == "It came otherwise"  # it is -0.25
    assert "You said 0.25" in person.text("#answered")
    person.click("#language")
    person.until("document.querySelector('#answered .answer').textContent === '结果并非如此'")
    assert person.of("#view-lessons input[name=prediction]", "found.value") == "0.25"
    person.click("#language")
    person.click("#view-lessons > .line button")
    person.until("document.querySelector('#tabs [aria-current]').dataset.view === 'play'")
    assert person.state()["recipe"]["init"] == "zeros"


def test_a_state_is_taken_away(person: Person) -> None:
    person.go(recipe=TINY)
    person.choose("#export", "command")
    person.until("document.querySelector('#taken pre')")
    text = person.text("#taken pre")
    assert "learning_rate=0.01" in text or "--learning-rate 0.01" in text
    person.value(CLIPBOARD)
    person.click("#taken .primary")
    person.until("document.querySelector('#taken .primary').textContent === 'Copied'")
    assert person.value("window.copied") == text
    person.value("delete navigator.clipboard")
    person.go(recipe=TINY)
    assert person.text("#taken") == ""  # it was of another state


def test_a_table_of_ones_own(person: Person, tmp_path: Path) -> None:
    """Read by the reader of the command line, and refused in its words."""
    lines = [f"{place},{place % 7},{'yes' if place % 7 > 3 else 'no'}" for place in range(80)]
    table, wrong = tmp_path / "own.csv", tmp_path / "wrong.png"
    table.write_text("a,b,c\n" + "\n".join(lines) + "\n")
    wrong.write_text("no table")
    person.go(recipe={**TINY, "batch_size": 16})
    person.choose("#data-name", "(file)")
    assert person.of("#file", "found.accept") == ",".join(READERS)
    person.give(wrong)
    person.until("document.querySelector('#file-error').textContent.includes('must be a table file')")
    person.click("#language")
    assert person.text("#file-error").startswith("wrong.png：必须是表格文件")
    person.click("#language")
    person.browser.events.clear()  # the browser tells its console of every answer that refuses
    person.give(table)
    person.until("document.querySelector('#target')")
    person.choose("#target", "c")
    person.until("document.querySelector('#legend').textContent.includes('yes')")
    person.until("document.querySelector('#weight-from').textContent.startsWith('ab')")
    assert "across: a; up: b" in person.text("#legend")
    assert person.table("#net")[0] == ["unit", "a", "b", "bias"]
    assert person.text("#divided") == "45 rows train, 19 rows validate; 16 are sealed for the test."
    assert person.state()["data"] == {"file": "own.csv", "target": "c"}
    table.write_text("a,b,c\n" + "\n".join(lines[:40]) + "\n")
    person.give(table)  # another one of this name
    person.until("document.querySelector('#divided').textContent.startsWith('22 rows train')")
    person.choose("#data-name", "moons")
    person.until("document.querySelector('#legend').textContent.includes('upper')")


def test_ten_classes_have_ten_marks_and_what_is_left_out_is_said(person: Person) -> None:
    """Ten colours in the light and in the dark, five of them squares; and that not all inputs of a digit are drawn."""
    person.go(recipe={**TINY, "hidden": [4]}, data={"name": "digits", "rows": 200}, nets=2)
    person.until("document.querySelectorAll('#legend .dot').length === 10")
    colours = "[...document.querySelectorAll('#legend .dot')].map(each => getComputedStyle(each).color)"
    for scheme in ("dark", "light"):
        person.look(1440, scheme)
        assert len({*person.value(colours)}) == 10
    assert person.value("document.querySelectorAll('#legend .dot.square').length") == 5
    assert "12 of 64 inputs are drawn." in person.text("#net")
    assert person.text("#divided").startswith("140 rows train, 60 rows validate;")
