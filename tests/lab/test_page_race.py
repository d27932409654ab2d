"""Choose, further on: a race of optimisers with the surface under their paths, and a search whose winner is played."""

from __future__ import annotations

import pytest
from person_help import SMALL, Person

pytestmark = pytest.mark.xdist_group("lab-page")
TINY = {**SMALL["recipe"], "hidden": [3], "epochs": 12}


def test_a_race_of_optimisers_and_the_surface_under_it(person: Person) -> None:
    """Curves and losses by runner, the slice with its paths as a table, and the winner taken into Play."""
    person.go(recipe=TINY, view="choose")
    person.write("#race-runners", "sgd 0.1, sgd 0.9")
    person.write("#race-nets", "2")
    person.click("#view-choose section:nth-of-type(3) button")
    person.until("document.querySelector('#race-told table')")
    ended = person.rows("#race-told table")
    assert ended[0] == ["optimiser, learning rate", "training loss", "validation loss", "Play"]
    assert {row[0] for row in ended[1:]} == {"sgd 0.1", "sgd 0.9"}
    losses = [float(row[1].partition(" ")[0]) for row in ended[1:]]
    assert losses == sorted(losses)
    assert "2 pairs of nets" in person.text("#race-told")
    rows = person.table("#race-chart")
    assert rows[0] == ["epoch", "sgd 0.1", "sgd 0.9"]
    assert rows[-1][0] == "12"
    assert len(person.table("#race-slice")) == 10  # losses at nine times nine places
    paths = person.rows("#race-slice .twin table:last-of-type")
    assert paths[0] == ["epoch", "sgd 0.1", "sgd 0.9"]
    assert paths[1] == ["0", "0, 0", "0, 0"]  # one start
    assert paths[-1][0] == "12"
    person.look(360)
    assert person.value("document.documentElement.scrollWidth") <= 360  # with its tables open
    person.look(1440)
    assert "lies in the plane below" in person.text("#race-told")
    person.click("#race-told button")
    person.until("document.querySelector('#tabs [aria-current]').dataset.view === 'play'")
    state = person.state()["recipe"]
    assert f"{state['optimizer']} {state['learning_rate']:g}" == ended[1][0]


def test_a_search_ends_with_a_winner_for_play(person: Person) -> None:
    person.go(recipe=TINY, view="choose")
    person.write("#search-space", "learning_rate=0.0001,0.1; l2=0,0.01")
    person.write("#search-settings", "4")
    person.click("#view-choose section:nth-of-type(4) button")
    person.until("document.querySelector('#search-told button')")
    rows = person.rows("#search-told table")
    assert rows[0] == ["setting", "accuracy", "epochs", "Play"]
    assert [row[2] for row in rows[1:]] == ["12", "12", "4", "4"]  # the worse half was stopped
    winner = rows[1][0]
    assert f"{winner} won: accuracy" in person.text("#search-told")
    assert "(" in rows[1][1]  # with its interval
    assert "It has the highest mean over the folds at epoch 12, of the 2 settings" in person.text("#search-told")
    person.click("#language")
    person.until("document.querySelector('#search-told th').textContent === '设置'")
    person.click("#language")
    person.until("document.querySelector('#openings').textContent.endsWith('so far: 0.')")
    person.click("#search-told button")
    person.until("document.querySelector('#tabs [aria-current]').dataset.view === 'play'")
    rate, penalty = (float(part.split()[1]) for part in winner.split(", "))
    state = person.state()["recipe"]
    assert (state["learning_rate"], state["l2"]) == (rate, penalty)
