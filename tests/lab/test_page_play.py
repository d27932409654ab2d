"""Play: what a person does on the page, and what it then says; read from the tables beside its pictures."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any

import numpy as np
import pytest
from person_help import PATIENCE, SMALL, STATE, Person, encoded

import goodfit as gf
from goodfit.lab.opening import data_of
from goodfit.lab.states import checked_state

SENT = """(() => {
  const send = (window.unheard ??= WebSocket.prototype.send);
  window.sent = [];
  WebSocket.prototype.send = function (text) {
    window.sent.push({...JSON.parse(text), stands: document.querySelector("#state").textContent});
    return send.call(this, text);
  };
})()"""  # what the page asks for from then on, and what it then says
pytestmark = pytest.mark.xdist_group("lab-page")  # one lab and one browser for all of them


def test_a_picture_has_its_table(person: Person) -> None:
    """The mean of the nets, and how far they are apart, at nine times nine places; the legend says what is what."""
    person.go()
    rows = person.table("#picture")
    assert len(rows) == 10
    assert {len(row) for row in rows} == {10}
    mean, apart = rows[1][1].split(" ± ")
    assert 0 <= float(mean) <= 1
    assert 0 <= float(apart) <= 0.5
    assert person.text("#legend").startswith("upper")
    assert person.of("#picture canvas", "found.getAttribute('aria-hidden')") == "true"


def test_whose_prediction_is_shown_and_which_net_is_drawn(person: Person) -> None:
    person.go(data={"name": "spirals", "rows": 90, "n_classes": 3})
    mean = person.table("#picture")
    person.choose("#picture-net", "c2")
    shares = [float(cell) for row in person.table("#picture")[1:] for cell in row[1:]]
    assert all(0 <= share <= 1 for share in shares)
    person.choose("#picture-net", "1")
    person.until("!document.querySelector('#picture .twin td').textContent.includes('±')")
    assert person.table("#picture") != mean
    first = person.table("#net")
    person.choose("#unit-net", "2")
    person.until(f"document.querySelector('#net .twin td').textContent !== {first[1][1]!r}")
    person.choose("#picture-net", "")
    person.choose("#unit-net", "0")
    assert person.text("#notes") == ""  # nothing was refused


def test_play_pause_step_batch_and_reset(person: Person) -> None:
    person.go()
    assert person.epoch == 0
    assert person.play(10) >= 10
    before = person.epoch
    person.step()
    assert person.epoch == before + 1
    person.click("#batch")
    person.until("document.querySelector('#epoch').textContent.includes('+ 1/')")
    person.click("#reset")
    person.until("document.querySelector('#epoch').textContent === '0'")


def test_curves_are_those_of_a_training(person: Person) -> None:
    """The table of the loss says what `goodfit.train` gives with the same recipe and seeds."""
    state = person.go()
    for _ in range(3):
        person.step()
    rows = person.table("#loss")
    assert rows[0] == ["epoch", "validation", "training"]
    checked = checked_state({**state, "recipe": {**state["recipe"], "epochs": 3}})
    seeds = range(checked.seed, checked.seed + checked.nets)
    run = gf.train(checked.whole_recipe(), data_of(checked, {}), seeds=seeds)
    for epoch, row in enumerate(rows[1:]):
        for cell, part in zip(row[1:], ("valid", "train"), strict=True):
            values = run.history[f"{part}_loss"][epoch].tolist()
            assert cell == f"{short(np.mean(values))} ({short(min(values))} to {short(max(values))})"


def short(value: float) -> str:
    """Three digits, as the page writes them."""
    return f"{float(f'{value:.3g}'):g}"


def test_a_weight_is_chosen_by_a_click_and_set(person: Person) -> None:
    person.go()
    person.click("#net canvas", 0.27, 0.38)  # a line from an input into the first layer
    assert person.of("#weight-layer", "found.value") == "0"
    to, source = person.of("#weight-to", "found.value"), person.of("#weight-from", "found.value")
    for wrong in ("", "much"):  # said where it was typed
        person.write("#weight-value", wrong)
        person.click("#weight button")
        person.until(f"document.querySelector('#weight .error').textContent.endsWith({json.dumps(f'got {wrong!r}.')})")
    person.write("#weight-value", "2,5")  # as half of Europe writes it
    person.click("#weight button")
    person.until("document.querySelector('#marks').textContent.includes('2.5')")
    column = len(person.table("#net")[0]) - 1 if source == "b" else int(source) + 1
    end = time.monotonic() + PATIENCE
    while person.table("#net")[int(to) + 1][column] != "2.5":  # the picture follows the mark
        assert time.monotonic() < end
    assert person.text("#weight .error") == ""


def test_units_made_equal_stay_equal(person: Person) -> None:
    """Section 4.8: what is alike gets alike gradients."""
    person.go()
    person.choose("#weight-layer", "1")
    person.click("#equal")
    person.until("document.querySelector('#marks').textContent.includes('equal')")
    person.play(12)
    person.table("#net")
    person.until(
        "(() => { const rows = [...document.querySelectorAll('#net .twin table')[1].rows].slice(1)"
        ".map(row => [...row.cells].slice(1).map(cell => cell.textContent).join());"
        " return rows.length === 3 && new Set(rows).size === 1; })()"
    )
    first = [row[1:] for row in person.table("#net")[1:]]
    assert len({tuple(row) for row in first}) == 4  # the other layer's are not


def test_a_live_change_marks_the_curve_and_can_be_undone(person: Person) -> None:
    person.go()
    person.play(5)
    epoch = person.epoch
    person.write("[data-field=learning_rate] input[type=text]", "0.2")
    person.until("document.querySelector('#marks').children.length === 1")
    assert person.text("#marks") == f"epoch {epoch}: Learning rate 0.2"
    person.step()
    person.settled()
    assert person.state()["acts"] == [{"epoch": epoch, "change": {"learning_rate": 0.2}}]
    person.choose("#export", "command")
    person.until("document.querySelector('#taken pre')")
    assert f"'epoch': {epoch + 1}," in person.text("#taken pre")  # it goes with how far it is trained
    person.click("#undo")
    person.until("document.querySelector('#marks').hidden")
    assert person.of("[data-field=learning_rate] input[type=text]", "found.value") == "0.01"


def test_marks_that_are_too_close_for_words_have_the_numbers_of_the_list(person: Person) -> None:
    """Ten units a letter; each mark is in one label, and no label covers another."""
    drawn = (
        "import('/page/charts.js').then(m => m.labels(%s.map(text => ({text})), %s, {from: 50, to: 600},"
        " text => 10 * text.length))"
    )

    def labels(texts: list[str], places: list[float]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = person.value(drawn % (texts, places))
        return found

    few = labels(["Dropout 0.2"] * 3, [60, 70, 300])
    assert [each["row"] for each in few] == [0, 1, 0]
    many = labels(["Dropout 0.2"] * 6, [60, 70, 80, 90, 400, 590])
    assert [each["text"] for each in many] == ["1–4", "5", "6"]
    for one, other in itertools.pairwise(many):
        assert one["left"] + 10 * len(one["text"]) <= other["left"]
    assert labels(["x" * 60], [60])[0]["text"] == "1"  # longer than the chart is wide


def test_a_change_is_made_before_what_is_clicked_next(person: Person) -> None:
    """Of a slider, too, which waits for the hand to rest. What needs another optimiser is not offered, and says why."""
    person.go()
    person.step()
    person.of("[data-field=l2] input[type=range]", "(found.value = 0.9, found.dispatchEvent(new Event('input')))")
    person.of("#batch", "found.click()")
    person.until("document.querySelector('#epoch').textContent === '1 + 1/3'")
    assert person.text("#marks").startswith("epoch 1: L2 penalty")
    assert person.of("[data-field=weight_decay] input", "found.disabled")
    assert person.text("[data-field=weight_decay] p") == "Only with Optimiser adamw, lion"
    person.choose("[data-field=optimizer] select", "adamw")
    person.until("!document.querySelector('[data-field=weight_decay] input').disabled")


def test_rewound_it_goes_the_same_way_again(person: Person) -> None:
    person.go()
    person.play(20)
    there = person.epoch
    before = person.table("#loss")[there - 2 : there + 1]
    person.of("#rewind", "(found.value = 6, found.dispatchEvent(new Event('change')))")
    person.until("document.querySelector('#epoch').textContent === '6'")
    person.of("#rewind", f"(found.value = {there}, found.dispatchEvent(new Event('change')))")
    person.until(f"document.querySelector('#epoch').textContent === '{there}'")
    person.until("!document.querySelector('#step').disabled")
    assert person.table("#loss")[there - 2 : there + 1] == before


def test_play_at_once_after_going_back_is_play(person: Person) -> None:
    """From the end, too: it goes on from there, and the button never says otherwise while it does."""
    person.go(recipe={**SMALL["recipe"], "epochs": 60})
    person.click("#play")
    person.until("document.querySelector('#state').textContent === 'All epochs are done'")
    person.value(SENT)
    person.value(
        "(() => { window.icons = []; const use = document.querySelector('#play use');"
        " new MutationObserver(() => window.icons.push(use.getAttribute('href')))"
        ".observe(use, {attributes: true}); })()"
    )
    person.of("#rewind", "(found.value = 6, found.dispatchEvent(new Event('change')), play.click())")
    person.until("window.icons.at(-1) === '#i-play'")
    person.until("document.querySelector('#state').textContent === 'All epochs are done'")
    assert person.value("window.sent.map(each => each.do)") == ["rewind", "play"]
    icons = person.value("window.icons.filter((each, at, all) => each !== all[at - 1])")
    assert icons == ["#i-pause", "#i-play"]


def test_a_branch_beside_its_trunk(person: Person) -> None:
    """One thing changed: two pictures, the paired difference with its interval, and one of the two kept."""
    person.go()
    left = person.play(5)
    person.click("#branch")
    person.choose("#branch-field", "learning_rate")
    person.write("#branch-dialog [data-field=learning_rate] input", "0.5")
    person.click("#branch-dialog .primary")
    person.until("document.querySelector('#picture-b canvas') && !document.querySelector('#branch-dialog').open")
    assert "the same nets until the change" in person.text("#difference")
    person.click("#undo")  # the branching
    person.until("!document.querySelector('#picture-b canvas')")
    person.until(f"document.querySelector('#epoch').textContent === '{left}'")
    person.value("history.forward()")
    person.until("document.querySelector('#picture-b canvas')")
    person.until("document.querySelector('main').getAttribute('aria-busy') === 'false'")
    person.play(left + 8)
    said = person.text("#difference")
    assert "B less A, validation loss at epoch" in said
    assert "4 pairs of nets" in said
    person.of("#rewind", f"(found.value = {left + 1}, found.dispatchEvent(new Event('change')))")
    person.until(f"document.querySelector('#difference').textContent.includes('epoch {left + 1}:')")  # B went, too
    person.until(f"{STATE}.epoch === {left + 1} && {STATE}.branch.epoch === {left + 1}")  # and A after it
    person.play(left + 8)
    said = person.text("#difference")
    curves = person.table("#loss")
    assert curves[0] == ["epoch", "validation, A", "training, A", "validation, B"]
    address = person.state()
    assert address["branch"] == {"epoch": address["epoch"], "acts": [{"epoch": left, "change": {"learning_rate": 0.5}}]}
    person.go()
    assert not person.of("#picture-b", "found.firstChild")
    person.go(**address)  # as a reload does: both are there again, to the bit
    person.until("document.querySelector('#picture-b canvas')")
    assert person.text("#difference") == said
    assert person.table("#loss") == curves
    person.click("#versus button:first-child")
    person.until("!document.querySelector('#picture-b canvas')")
    person.click("#undo")
    person.until("document.querySelector('#picture-b canvas')")
    person.until("document.querySelector('main').getAttribute('aria-busy') === 'false'")
    assert person.state() == address  # B is back
    person.click("#versus button:last-child")
    person.until("!document.querySelector('#picture-b canvas')")
    person.until("document.querySelector('[data-field=learning_rate] input[type=text]').value === '0.5'")


def test_the_address_is_the_picture(person: Person) -> None:
    """Nets trained part of the way, with a change on it: the same address gives the same table."""
    person.go()
    person.play(8)
    person.write("[data-field=l2] input[type=text]", "0.01")
    person.until("document.querySelector('#marks').children.length === 1")
    person.step()
    person.settled()
    state, table = person.state(), person.table("#picture")
    assert state["epoch"] == person.epoch
    person.go()
    person.go(**state)
    assert person.epoch == state["epoch"]
    assert person.table("#picture") == table


def test_a_link_that_cannot_be_copied_is_shown(person: Person) -> None:
    """As over plain HTTP from another machine, where the browser has no clipboard; without the token."""
    person.go()
    person.value("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true}) && 0")
    person.click("#share")
    person.until("document.querySelector('#notes .note')")
    assert "/#view=play&state=" in person.text("#notes")
    assert person.text("#share") == "Copy link"
    person.click("#notes .close")
    person.value("delete navigator.clipboard")


def test_back_undoes_what_began_anew(person: Person) -> None:
    person.go()
    person.choose("#data-name", "circles")
    person.until("document.querySelector('#legend').textContent.includes('inner')")
    person.click("#undo")
    person.until("document.querySelector('#legend').textContent.includes('upper')")
    assert person.of("#data-name", "found.value") == "moons"


def test_layers_and_units_are_added_and_removed(person: Person) -> None:
    person.go()
    person.click("[data-key='layer.more']")
    person.until("document.querySelectorAll('.stepper').length === 3")
    person.click("[data-key='unit.less1']")
    person.until("document.querySelector('.stepper .count').textContent === '3'")
    assert person.state()["recipe"]["hidden"] == [3, 3, 3]
    person.until("document.activeElement.dataset.key === 'unit.less1'")  # who pressed it can press it again
    person.value("for (let at = 0; at < 3; at++) document.querySelector(\"[data-key='unit.more1']\").click()")
    person.choose("[data-field=init] select", "he-normal")
    person.choose("[data-field=activation] select", "relu")  # sooner than the server answers
    person.until(f"{STATE}.recipe.hidden[0] === 6 && {STATE}.recipe.activation === 'relu'")
    assert person.state()["recipe"]["init"] == "he-normal"


def test_mixed_widths_train_together(person: Person) -> None:
    person.go()
    person.click("#mixed")
    person.until("document.querySelector('[data-field=widths]')")
    person.write("[data-field=widths] input", "1, 2, 9")
    person.until("document.querySelectorAll('#unit-net option').length === 3")
    assert person.state()["widths"] == [1, 2, 9]
    assert person.text("#unit-net option:last-child") == "net 3 (9 units)"


def test_a_curve_is_fitted_with_its_band(person: Person) -> None:
    """Section 4.3.4: one input, drawn along a line."""
    person.go(data={"name": "polynomial", "n_features": 4}, nets=3)
    rows = person.table("#picture")
    assert rows[0] == ["x", "prediction"]
    assert len(rows) == 10
    assert all(" ± " in row[1] for row in rows[1:])
    assert "band" in person.text("#legend")


def test_points_drawn_with_mouse_and_keys_are_learnt(person: Person) -> None:
    person.go()
    person.choose("#data-name", "(draw)")
    for place in (0.2, 0.3, 0.4, 0.5):
        person.click("#picture canvas", place, 0.2)
    person.click("#draw-tools label:nth-of-type(2) input")
    person.of("#picture .plot", "found.focus()")
    for _ in range(4):
        person.press("ArrowDown", 40)
        person.press(" ", 32, text=" ")
    person.until("location.hash && document.querySelector('#legend').textContent.includes('class 2')")
    points = person.state()["data"]["points"]
    assert [label for *_, label in points] == [0] * 4 + [1] * 4
    assert person.text("#drawn-count") == "8 points"
    person.press(" ", 32, text=" ")
    person.until(f"{STATE}.data.points.length === 9")
    person.click("#undo")
    person.until("document.querySelector('#drawn-count').textContent === '8 points'")
    person.until(f"{STATE}.data.points.length === 8")
    assert person.play(5) >= 5
    person.choose("#data-name", "moons")
    person.until("document.querySelector('#legend').textContent.includes('upper')")


def test_a_batch_size_that_is_too_large_for_a_while_comes_back(person: Person) -> None:
    """Few points have a smaller one; and what they are opened as is changed while they are still trained so far."""
    points = [[0.1 * k, 0.1 * k * (-1) ** k, k % 2] for k in range(8)]
    long = {**SMALL["recipe"], "hidden": [64, 64], "epochs": 20_000}
    person.value(SENT)
    state = {**SMALL, "recipe": long, "epoch": 20_000, "data": {"points": points}}
    person.value(f"location.hash = '#view=play&state={encoded(state)}'")
    person.until("document.querySelector('#state').textContent.startsWith('Training up to')")
    person.until(f"!('batch_size' in {STATE}.recipe)")
    person.choose("#data-name", "circles")
    person.until(f"{STATE}.data.name === 'circles' && document.querySelector('#legend').textContent.includes('inner')")
    opens = person.value("window.sent.filter(each => each.do === 'open')")
    assert [each["state"]["recipe"].get("batch_size") for each in opens] == [32, None, 32]
    assert opens[-1]["stands"].startswith("Training up to")
    assert person.state()["recipe"]["batch_size"] == 32
    assert person.epoch == 0


def test_a_field_is_refused_in_the_words_of_the_command_line(person: Person) -> None:
    person.go()
    person.write("[data-field=dropout] input[type=text]", "1.5")
    person.until("!document.querySelector('[data-field=dropout] .error').hidden")
    assert person.text("[data-field=dropout] .error").startswith("Recipe: 'dropout' must be")
    assert person.of("[data-field=dropout] input[type=text]", "found.getAttribute('aria-invalid')") == "true"
    person.write("[data-field=dropout] input[type=text]", "10 %")
    person.until(f"{STATE}.recipe.dropout === 0.1 && document.querySelector('[data-field=dropout] .error').hidden")


def test_small_state_is_complete() -> None:
    """What the tests open is a state as the lab declares it."""
    assert checked_state(SMALL).to_json() == SMALL
