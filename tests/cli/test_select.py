"""`goodfit select`, with the real library below."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from goodfit.cli.search_summary import chance_text
from goodfit.training.recipe import Recipe

SMALL = ("--folds", "3", "--epochs", "3", "--dropout", "0", "--hidden", "4", "--batch-size", "16")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_settings_are_ranked_and_what_was_found_is_kept(call: Any) -> None:
    code, out, err = call("select", "moons", "--vary", "hidden=2,8x4", "--vary", "l2=0,0.1", *SMALL, "--out", "s")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["rank", "hidden", "l2", "accuracy"]
    ranks = [int(line.split()[0]) for line in lines[2:6]]
    assert ranks == sorted(ranks)  # equal settings share a rank
    assert ranks[0] == 1
    assert "Best: hidden " in out
    assert "Nadeau and Bengio" in out
    assert "Probability that another setting is better: " in out
    assert "Expected accuracy on new data: 0." in out
    assert lines[-2] == "Search: s"
    assert "4 settings x 3 stratified folds x 1 seed: 12 nets, 1 compiled program; about " in err
    assert "12 of 12 nets trained" in err
    assert len(Path("s/settings.csv").read_text().splitlines()) == 5


def test_a_search_that_is_done_is_read_from_its_folder(call: Any) -> None:
    first = call("select", "moons", "--vary", "l2=1e-4..1:log:3", "--quiet", *SMALL, "--out", "s")
    assert first[0] == 0, first[2]
    assert "Curve: s/curve.svg" in first[1]
    again = call("select", "--resume", "s", "--quiet")
    assert (again[0], again[1]) == (0, first[1])
    code, out, _ = call("select", "--resume", "s", "--json", "--quiet")
    assert code == 0
    found = json.loads(out)
    assert found["folder"] == "s"
    scores = [row["accuracy"] for row in found["settings"]]
    assert scores == sorted(scores, reverse=True)
    assert found["best"]["l2"] in [pytest.approx(1e-4), pytest.approx(1e-2), pytest.approx(1.0)]


def test_a_halving_tells_its_rungs_and_who_was_left_behind(call: Any) -> None:
    vary = ("--vary", "l2=1e-4..1:log", "--method", "halving", "--budget", "9")
    flags = [*SMALL[:3], "9", *SMALL[4:]]
    code, out, err = call("select", "moons", *vary, *flags, "--out", "s")
    assert code == 0, err
    assert (
        "9 settings x 3 stratified folds x 1 seed: 27 nets to epoch 1 -> 9 nets to epoch 3 -> 6 nets to epoch 9" in err
    )
    assert "42 of 42 nets trained" in err
    assert "Stopped: 6 settings after epoch 1, 1 setting after epoch 3; their scores are in s/settings.csv." in out
    assert "Probability that another finalist is better" in out
    assert "earlier rungs on the same held-out data" in out
    assert "Curve:" not in out
    again = call("select", "--resume", "s", "--quiet")
    assert (again[0], again[1]) == (0, out)


def test_optuna_from_the_command_line(call: Any) -> None:
    vary = ("--vary", "l2=1e-4..1:log", "--method", "optuna", "--budget", "4", "--ask", "2")
    code, out, err = call("select", "moons", *vary, *SMALL, "--out", "s")
    assert code == 0, err
    assert "4 settings x 3 stratified folds x 1 seed: 2 turns of at most 2 settings, 12 nets in all" in err
    assert "earlier scores on the same held-out data" in out
    again = call("select", "--resume", "s", "--quiet")
    assert (again[0], again[1]) == (0, out)


def test_a_table_file(call: Any) -> None:
    rows = [f"{a},{'red' if a % 3 else 'blue'},{'yes' if a * 7 % 11 > 5 else 'no'}" for a in range(60)]
    Path("things.csv").write_text("\n".join(["size,colour,sold", *rows]) + "\n")
    code, out, err = call("select", "things.csv", "--target", "sold", "--vary", "l2=0,0.1", *SMALL)
    assert code == 0, err
    assert "colour" in err  # its columns are told
    assert len(list(Path("searches").iterdir())) == 1
    assert "Search: searches/things-" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("select",), "'DATA' must be given"),
        (("select", "moons"), "'vary' must name at least one field"),
        (("select", "moons", "--vary", "l2"), "'--vary' must be FIELD=VALUES"),
        (("select", "moons", "--vary", "hiden=1"), "'hiden' is not a field that can be varied. Did you mean 'hidden'?"),
        (
            ("select", "moons", "--vary", "l2=0,1", "--budget", "0"),
            "'budget', the maximum number of settings, must be an integer >= 1",
        ),
        (("select", "moons", "--vary", "l2=0,1", "--folds", "1"), "there must be at least two folds"),
        (("select", "moons", "--vary", "l2=0,1", "--method", "halving"), "halving needs more than 2 settings"),
        (("select", "moons", "--vary", "l2=0,1", "--method", "best"), "'method' must be auto, grid, random, halving"),
        (("select", "moons", "--vary", "l2=0,1", "--factor", "2"), "'factor' is for the methods halving and hyperband"),
        (("select", "moons", "--vary", "l2=0,1", "--vary", "l2=2"), "'l2' is varied twice"),
        (("select", "--resume", "s", "--factor", "2"), "cannot be combined with --factor"),
        (("select", "--resume", "nowhere"), "must be the folder of a search; it has no search.json"),
        (("select", "--resume", "s", "--vary", "l2=0", "--folds", "4"), "cannot be combined with --vary, --folds"),
    ],
)
def test_bad_input_is_one_clear_message(call: Any, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_ctrl_c_says_how_to_go_on(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("goodfit.training.session.fit", pressed)
    code, _, err = call("select", "moons", "--vary", "l2=0,1", *SMALL, "--out", "s")
    assert code == 1
    assert "Interrupted. Resume with: goodfit select --resume s" in err


@pytest.mark.parametrize(
    ("chance", "text"), [(0.5099, "51 %"), (0.01, "1 %"), (0.0, "below 1 %"), (0.004, "below 1 %")]
)
def test_chances(chance: float, text: str) -> None:
    assert chance_text(chance) == text


def test_the_winner_of_a_search_is_a_recipe(call: Any) -> None:
    rows = "\n".join(f"{i},{i * 3 % 7},{'ab'[i % 2]},{i // 5}" for i in range(80))
    Path("t.csv").write_text(f"x,z,kind,who\n{rows}\n")
    data = ("t.csv", "--target", "kind", "--group", "who", "--leaks", "off")
    made = call("select", *data, "--vary", "hidden=3,5", "--epochs", "2", "--folds", "3", "--out", "my search")
    assert made[0] == 0, made
    line = made[1].splitlines()[-1]
    assert line.startswith("To train the best setting: goodfit train ")
    words = shlex.split(line.partition(": goodfit ")[2])
    assert words[-2:] == ["--recipe", "my search"]
    assert words[words.index("--group") + 1] == "who"
    code, _, err = call(*words, "--leaks", "off", "--out", "run", "--quiet")
    assert code == 0, err
    best = json.loads(Path("my search/selection.json").read_text())["best"]
    assert json.loads(Path("run/recipe.json").read_text()) == best
    assert Recipe.from_file("my search").to_dict() == best

    Path("my search/selection.json").unlink()
    code, _, err = call(*words, "--out", "other", "--quiet")
    assert (code, err) == (
        2, "my search: the search has no winner yet. Finish it with: goodfit select --resume 'my search'\n",
    )  # fmt: skip
    for text in ("{", "[]", "{}", '{"best": 3}', '{"best": {"hiden": 3}}'):
        Path("my search/selection.json").write_text(text)
        assert call(*words, "--out", "other", "--quiet")[0] == 2
