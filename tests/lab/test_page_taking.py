"""What is taken away, heard and judged; presets; and a class room, with its teacher and a pupil."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from person_help import ENGLISH, SMALL, STATE, TOKEN, Person, serving

import goodfit.lab
from goodfit.lab.shelves import LessonMode
from goodfit.training import Recipe

pytestmark = pytest.mark.xdist_group("lab-page")
TINY = {**SMALL["recipe"], "hidden": [], "epochs": 2, "learning_rate": 0.5}
ONE_UNIT = {**TINY, "hidden": [1], "epochs": 20, "learning_rate": 0.1, "batch_size": 16}
LESSON = Path(goodfit.lab.__file__).parent / "lessons" / "chain-rule.toml"
HEARD = """(() => {
  window.heard = [];
  const curve = AudioParam.prototype.setValueCurveAtTime;
  AudioParam.prototype.setValueCurveAtTime = function (values, ...when) {
    window.heard.push(...values);
    return curve.call(this, values, ...when);
  };
})()"""


def kept(folder: Path, name: str) -> str:
    """A file that the browser has saved, once it is whole."""
    end = time.monotonic() + 30
    while not (folder / name).exists():
        assert time.monotonic() < end, [path.name for path in folder.iterdir()]
        time.sleep(0.05)
    return (folder / name).read_text("utf-8")


def test_a_verdict_and_what_is_taken_away_meanwhile(person: Person, tmp_path: Path) -> None:
    """The verdict in its words; beside it a notebook and a recipe as files, the loss heard; then a replay."""
    circles = {"name": "circles", "rows": 200, "noise": 0.1}  # around which one unit cannot go
    state = person.go(view="say", recipe=ONE_UNIT, data=circles, nets=2)
    person.click("#view-say section:nth-of-type(3) button")
    person.click("a[data-view=play]")
    person.browser.ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    person.choose("#export", "notebook")
    person.until("document.querySelector('#taken').textContent.includes('train.ipynb')")
    person.choose("#export", "recipe")
    person.until("document.querySelector('#taken pre')")  # in the place of the notebook, which has such a button too
    person.click("#taken [data-w=save]")
    notebook = json.loads(kept(tmp_path, "train.ipynb"))
    assert any("learning_rate=0.1" in "".join(cell["source"]) for cell in notebook["cells"])
    assert Recipe.from_mapping(json.loads(kept(tmp_path, "recipe.json"))).hidden == (1,)
    for _ in range(2):
        person.step()
    person.value(HEARD)
    person.click("#curve-tools button")
    person.until("window.heard.length")
    pitches = person.value("window.heard")
    first, second = (float(row[1].partition(" ")[0]) for row in person.table("#loss")[1:])
    assert sorted({pitches[0], pitches[-1]}) == [220, 880]  # the lowest and the highest loss, two octaves apart
    assert (pitches[0] > pitches[-1]) == (first > second)
    person.click("a[data-view=say]")
    person.until("document.querySelector('#verdict .lead')")
    assert person.text("#verdict .lead").startswith("Underfit: wider (hidden 1 -> 4) lowers the log loss")
    assert "a constant prediction has 0.693" in person.text("#verdict")  # ln 2, of two classes of the same size
    assert person.value("document.querySelectorAll('#verdict .lead').length") == 1
    person.click("#language")
    assert person.text("#verdict .lead").startswith("欠拟合：更宽（隐藏单元 1 -> 4）使留出数据上的对数损失降低")
    assert person.value(ENGLISH % "#verdict p, #verdict li") == []
    person.click("#language")
    person.click("a[data-view=play]")
    person.choose("#export", "replay")
    replay = kept(tmp_path, "replay.html")
    assert '<html lang="en"' in replay
    assert f"{state['nets']} nets of 2-1-2, 20 epochs" in replay


def test_presets_are_sections_of_the_chapter(person: Person) -> None:
    """Section 4.8: of equal weights the first layers get no gradient."""
    person.go(view="step", recipe=TINY, nets=1)
    person.click("#view-step [role=group] button:nth-of-type(4)")
    person.until("document.querySelectorAll('#strip tr').length === 4")
    norms = [float(row[2]) for row in person.rows("#strip table")[1:]]
    assert norms[0] == norms[1] == 0 < norms[2]
    state = person.state()["recipe"]
    assert (state["init"], state["init_scale"], len(state["hidden"])) == ("constant", 0.5, 2)
    person.click("[data-w='step.mine']")  # it was kept, and there is a way back
    person.until(f"!{STATE}.recipe.hidden.length")
    assert not person.of("[data-w='step.mine']", "found.checkVisibility()")


@pytest.fixture
def pupil(opened_page: Person, tmp_path: Path) -> Iterator[Person]:
    """Somebody at the page of a teacher who collects answers in `answers.csv`; the other page is there afterwards."""
    with serving(LessonMode(LESSON, tmp_path / "answers.csv")) as served:
        yield Person(opened_page.browser, *served)
    opened_page.open()


def test_a_pupil_answers_and_the_teacher_collects(pupil: Person, tmp_path: Path) -> None:
    """The lesson alone: no list of others, no tab for what a class may not do; one line in the teacher's file."""
    pupil.browser.ask("Page.navigate", url="about:blank")
    pupil.browser.visit(f"{pupil.url}/?token={TOKEN}#lesson=chain-rule", width=1440)
    pupil.until("document.querySelector('#view-lessons form')")
    for view in ("runs", "studies"):
        pupil.value(f"location.hash = '#view={view}'")
        pupil.until("document.querySelector('#tabs [aria-current]').dataset.view === 'play'")
    pupil.value("location.hash = '#lesson=chain-rule'")
    pupil.until("document.querySelector('#tabs [aria-current]').dataset.view === 'lessons'")
    shown = pupil.value(
        "[...document.querySelectorAll('#tabs a')].filter(each => each.getClientRects().length)"
        ".map(each => each.dataset.view)"
    )
    assert shown == ["play", "lessons"]
    assert pupil.value("document.querySelector('.lesson')") is None
    pupil.write("#view-lessons input[name=name]", "Ada")
    pupil.write("#view-lessons textarea[name=note]", "=HYPERLINK(1)")
    pupil.click("#view-lessons form .primary")
    pupil.until("document.querySelector('#answered .error')")
    assert pupil.text("#answered") == "Prediction: must be a number from -1 to 1. Write it down first."
    told = [
        ("-0,3", "It came otherwise", "Attempt 1 has been collected."),
        ("-0,3", "It came otherwise", "This answer had been collected already."),
        (
            "-0.25",
            "Your prediction came true",
            "Attempt 2 has been collected; it says that the solution had been",
        ),
    ]
    for written, head, collected in told:
        pupil.write("#view-lessons input[name=prediction]", written)
        pupil.click("#view-lessons form .primary")
        pupil.until(f"document.querySelector('#answered').textContent.includes({json.dumps(collected)})")
        assert pupil.text("#answered .answer") == head
    lines = [*csv.DictReader((tmp_path / "answers.csv").read_text("utf-8").splitlines())]
    kept = [[line[name] for name in ("name", "attempt", "seen_before", "prediction", "right")] for line in lines]
    assert kept == [["Ada", "1", "no", "-0.3", "no"], ["Ada", "2", "yes", "-0.25", "yes"]]
    assert {line["note"] for line in lines} == {"'=HYPERLINK(1)"}  # no formula for the teacher's spreadsheet
