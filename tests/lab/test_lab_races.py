"""Races and searches without a page: one start, the loss above the plane of the paths, who leads, who goes on."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL

import goodfit as gf
from goodfit.intervals import of_mean
from goodfit.lab import searching
from goodfit.lab.opening import open_state
from goodfit.lab.racing import Race, _leader, runners_of
from goodfit.lab.results import over_nets
from goodfit.lab.searching import search
from goodfit.lab.states import checked_state
from goodfit.lab.surface import slice_of
from goodfit.lab.tracks import Track
from goodfit.nets.numpy_activations import activate
from goodfit.selection.halving import UNCORRECTED
from goodfit.selection.result import DEPENDENT

STATE: dict[str, Any] = {**SMALL, "recipe": {**SMALL["recipe"], "epochs": 6}, "widths": None, "nets": 9}


@pytest.fixture(scope="module")
def race() -> Race:
    found = Race(STATE, runners_of("sgd 0.5, adam 0.05"), 2, {})
    found.run(lambda _: None, lambda _: None)
    return found


def flat(net: Any) -> np.ndarray:
    return np.concatenate([each.ravel().astype(float) for each in (*net.weights, *net.biases)])


def test_runners_start_alike_and_train_as_train_does(race: Race) -> None:
    first, second = race.paths
    assert np.array_equal(flat(first[0]), flat(second[0]))
    recipe = {**STATE["recipe"], "optimizer": "adam", "learning_rate": 0.05, "seed": 5}
    run = gf.train(recipe, gf.data.load("moons", n_train=64, noise=0.2, seed=1), seeds=2)
    assert np.array_equal(flat(second[-1]), flat(run.nets[0]))
    lines = race.told()["lines"]
    assert [line["name"] for line in lines] == ["sgd 0.5", "adam 0.05"]
    assert lines[1]["epochs"] == race.epochs[1:]
    assert lines[1]["mean"][-1] == pytest.approx(np.mean(run.history["train_loss"][-1]))
    assert lines[1]["high"][0] == pytest.approx(np.max(run.history["train_loss"][0]))


def test_the_slice_holds_the_paths_and_the_loss_above_them(race: Race) -> None:
    """The plane by NumPy's singular vectors; the loss at places of the grid by hand."""
    found = race.slice
    assert found is not None
    moved = np.concatenate([np.stack([flat(net) for net in path]) for path in race.paths]) - flat(race.paths[0][0])
    assert found.origin == pytest.approx(flat(race.paths[0][0]))
    assert found.axes @ found.axes.T == pytest.approx(np.eye(2), abs=1e-12)
    at = moved @ found.axes.T
    assert np.concatenate(found.paths) == pytest.approx(at)
    assert found.paths[0][0] == pytest.approx([0, 0])
    assert found.share == pytest.approx((at**2).sum() / (moved**2).sum())
    best = np.linalg.svd(moved, compute_uv=False) ** 2
    assert found.share == pytest.approx(best[:2].sum() / best.sum())
    parts, like = race.tracks[0].opened.parts, race.paths[0][0]
    x, y = like.entered(parts.x("train")).astype(float), parts.y("train")
    for row, column in ((0, 0), (12, 30), (30, 5)):
        across, up = (np.linspace(*ends, 31) for ends in (found.x, found.y))
        numbers, start = found.origin + across[column] * found.axes[0] + up[row] * found.axes[1], 0
        arrays = []
        for each in (*like.weights, *like.biases):
            arrays.append(numbers[start : start + each.size].reshape(each.shape))
            start += each.size
        h, layers = x, len(like.weights)
        for layer in range(layers):
            z = h @ arrays[layer].T + arrays[layers + layer]
            h = activate("tanh", z) if layer < layers - 1 else z
        chances = np.exp(h - h.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        assert found.loss[row, column] == pytest.approx(-np.log(chances[np.arange(len(y)), y]).mean(), rel=1e-6)


def test_paths_on_a_line_have_a_plane_too(race: Race) -> None:
    opened = race.tracks[0].opened
    found = slice_of([[race.paths[0][0], race.paths[0][-1]]], opened.parts, opened.recipe)
    assert found.share == pytest.approx(1)
    assert found.paths[0][:, 1] == pytest.approx([0, 0], abs=1e-9)


def test_the_leader_is_told_with_the_interval_of_paired_nets(race: Race) -> None:
    last = [track.metrics[-1, track.names.index("train_loss")].astype(float) for track in race.tracks]
    first, second = sorted(last, key=lambda each: float(each.mean()))
    low, high = of_mean(second - first)  # one pair of runners: nothing to correct
    told = race.result()
    assert f"by {(second - first).mean():.3g} in training loss ({low:.3g} to {high:.3g}, " in told["said"][0]["en"]
    rows = told["table"]["rows"]
    assert [row[0] for row in rows] == [f"{each['optimizer']} {each['learning_rate']:g}" for each in told["take"]]
    ends = of_mean(first)
    value = f"{first.mean():.3g}"
    assert rows[0][1]["en"] == f"{value} ({ends[0]:.3g} to {ends[1]:.3g})"
    assert rows[0][1]["zh"] == f"{value}（{ends[0]:.3g} 到 {ends[1]:.3g}）"


def test_nets_that_agree_have_no_interval_and_nets_that_stopped_stay() -> None:
    """Of two runners that lead by the same in every pair, nobody knows how far others would be apart."""
    told = _leader(["a", "b"], [np.array([1.0, 2.0]), np.array([1.25, 2.25])], [0, 1])
    assert told.en == "a leads b by 0.25 in training loss: all pairs of nets agree, no interval."
    assert over_nets(np.array([0.1, 0.1, 0.1])) == (None, None)
    assert over_nets(np.array([0.1, 0.2])) == of_mean([0.1, 0.2])
    recipe = {**STATE["recipe"], "epochs": 6, "patience": 1, "min_change": 10.0}
    found = Race({**STATE, "recipe": recipe}, runners_of("sgd 0.5, adam 0.05"), 2, {})
    found.run(lambda _: None, lambda _: None)
    track, line = found.tracks[0], found.told()["lines"][0]
    ended = track.standing("train_loss", track.epoch).astype(float)
    assert np.isnan(track.metrics[-1]).any() or len(track.metrics) < 6  # it did stop
    assert line["mean"][-1] == pytest.approx(ended.mean())


def test_a_runner_without_a_path_is_named(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    assert race.slice  # kept, so that the second runner may be said to have diverged
    monkeypatch.setattr(Track, "frozen", property(lambda own: np.full(2, own is race.tracks[1])))
    said = [each["en"] for each in race.result()["said"]]
    assert said[-1] == "adam 0.05 is missing from the surface: its first net diverged."


def test_what_a_search_does_not_correct_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"accuracy": 1.0, "low": np.nan, "high": np.nan, "rank": 1, "epochs": 3, "l2": 0.1}
    parts: dict[str, Any] = {"settings": [{"l2": 0.1}], "comparison": SimpleNamespace(winner=0)}
    parts |= {"score_name": "accuracy", "rows": lambda: [row], "uncorrected": f"{UNCORRECTED}; {DEPENDENT}"}
    optimism = SimpleNamespace(corrected=0.9, low=0.8, high=0.95)
    won, why, worth = searching._said(SimpleNamespace(**parts, optimism=optimism))  # type: ignore[arg-type]
    assert won.en == "l2 0.1 won: accuracy 1 (no interval: all folds agree)."
    assert why.en == "It alone came to epoch 3."
    assert worth.en == f"Without the luck of having been picked: 0.9 (0.8 to 0.95); {UNCORRECTED}; {DEPENDENT}."
    assert not re.search("[a-z]{5}", worth.zh)
    (_, _, none) = searching._said(SimpleNamespace(**parts, optimism=None))  # type: ignore[arg-type]
    assert none.en.startswith("What the choice adds to this score was not estimated")


def test_a_rate_may_have_a_comma() -> None:
    assert [each["learning_rate"] for each in runners_of("sgd 0,5, adam 0,01,lion 0.001")] == [0.5, 0.01, 0.001]


def test_it_is_said_why_a_higher_score_of_a_stopped_setting_did_not_win() -> None:
    best = {"accuracy": 0.95, "rank": 1, "epochs": 60}
    stopped = [{"accuracy": score, "rank": None, "epochs": 20} for score in (0.967, 0.9)]
    parts = {"settings": [{}, {}], "score_name": "accuracy", "rows": lambda: [best, {**best, "rank": 2}, *stopped]}
    why = searching._why(SimpleNamespace(**parts))  # type: ignore[arg-type]
    assert why.en == (
        "It has the highest mean over the folds at epoch 60, of the 2 settings that came so far; the 0.967 of a "
        "stopped setting is of epoch 20, where others were ahead of it."
    )
    assert "0.967 是第 20 轮的得分" in why.zh


def test_no_surface_is_drawn_of_nets_that_train_their_encoding() -> None:
    recipe = {**SMALL["recipe"], "epochs": 1, "encoding": "pbld"}
    found = Race({**SMALL, "recipe": recipe}, runners_of("sgd 0.5"), 1, {})
    found.run(lambda _: None, lambda _: None)
    assert found.surface() is None


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("sgd", "every runner must be an optimiser and its learning rate; got 'sgd'"),
        ("sgd -1, adam x", "(?s)got 'sgd -1'.*got 'adam x'"),
        ("lbfgs 1", "an optimiser must be known; got 'lbfgs'"),
        ("addam 1", "Did you mean 'adam'"),
        ("adam 0,1,5", "got 'adam 0.1.5'"),
        (", ".join(["sgd 0.1"] * 5), "there must be 1 to 4 runners; got 5"),
    ],
)
def test_runners_that_are_refused(text: str, match: str) -> None:
    with pytest.raises(gf.InputError, match=match):
        runners_of(text)


def test_a_search_is_that_of_select_and_tells_its_rungs(tmp_path: Path) -> None:
    """Of a table, whose columns are prepared fold by fold, on the rows that are not test rows."""
    path, rng = tmp_path / "own.csv", np.random.default_rng(0)
    rows = zip(rng.normal(size=80), rng.integers(0, 3, 80), strict=True)
    lines = [f"{a:.3f},{'xyz'[code]},{'yes' if a + code > 1 else 'no'}" for a, code in rows]
    path.write_text("a,b,c\n" + "\n".join(lines) + "\n")
    state, files = {**STATE, "data": {"file": "own.csv", "target": "c"}}, {"own.csv": path}
    told: list[dict[str, Any]] = []
    space = "learning_rate=0.001,0.05; hidden=2,5x4"
    found = search(state, space, 4, files, watch=lambda _: None, tell=told.append)
    recipe = open_state(checked_state({**state, "widths": None, "nets": 1}), files).recipe
    vary = [part.strip() for part in space.split(";")]
    table = gf.data.read_table(path, target="c")
    expected = gf.select(recipe, table, vary=vary, method="halving", budget=4, seed=5, leaks="off").rows()
    hidden = {"(2,)": [2], "(5, 4)": [5, 4]}
    assert found["take"] == [
        {"learning_rate": row["learning_rate"], "hidden": hidden[str(row["hidden"])]} for row in expected
    ]
    shown, best = found["table"]["rows"], expected[0]
    assert shown[0][1]["en"] == f"{best['accuracy']:.3g} ({best['low']:.3g} to {best['high']:.3g})"
    assert [row[2] for row in shown] == [str(row["epochs"]) for row in expected] == ["6", "6", "2", "2"]
    assert [each["said"][0]["en"] for each in told] == ["After epoch 2, 2 of 4 settings train on."]
    assert len(told[0]["table"]["rows"]) == 4


@pytest.mark.parametrize(
    ("space", "match"),
    [
        (" ;", "the space must name what varies"),
        ("lr=1", "'lr' is not a field that can be varied"),
        ("hidden=2,4,5000", "at most 64 hidden layers and 1,024 units a layer"),
        ("l2=0,0.1", "halving needs more than 2 settings"),
    ],
)
def test_a_space_that_is_refused(space: str, match: str) -> None:
    with pytest.raises(gf.InputError, match=match):
        search(STATE, space, 4, {}, watch=lambda _: None, tell=lambda _: None)
