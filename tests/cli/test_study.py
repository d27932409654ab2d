"""`goodfit study`, with the real studies in small form below it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goodfit.errors import GoodfitError
from goodfit.studies import running, studies

SMALL = ("--seeds", "3", "--epochs", "20", "--long-epochs", "20")


def test_the_list_has_every_study_with_its_question(call: Any) -> None:
    code, out, err = call("study")
    assert (code, err) == (0, "")
    for study in studies().values():
        assert study.name in out
    found = json.loads(call("study", "--json")[1])
    assert [each["study"] for each in found] == list(studies())
    assert {each["section"].partition(".")[0] for each in found} == {"4"}
    assert studies()["polynomial"].question.zh in call("study", "--language", "zh")[1]


def test_one_study_prints_tables_and_claims_and_writes_its_files(call: Any) -> None:
    code, out, err = call("study", "polynomial", *SMALL, "--out", "s")
    assert code == 0
    assert err.splitlines() == [f"3 nets with {count} features" for count in (4, 2, 20)]
    for title in ("Losses after the last epoch", "Comparison with the notes", "Claims, with 95 % intervals"):
        assert title in out
    assert out.splitlines()[-1].startswith("Page: s/polynomial.html (")
    assert Path("s/polynomial.html").exists()
    assert Path("s/polynomial.zh.html").exists()
    assert {"curves.svg", "curves.png", "curves.csv", "result.json"} < {
        path.name for path in Path("s/polynomial").iterdir()
    }


def test_json_is_what_the_library_returns(call: Any) -> None:
    code, out, err = call("study", "polynomial", *SMALL, "--out", "s", "--json", "--quiet")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["parameters"]["seeds"] == 3
    assert found["pages"] == ["s/polynomial.html", "s/polynomial.zh.html"]
    assert [each["claim"] for each in found["claims"]] == [each.name for each in studies()["polynomial"].claims]


def test_it_speaks_chinese(call: Any) -> None:
    out = call("study", "polynomial", *SMALL, "--out", "s", "--language", "zh")[1]
    assert "线性函数欠拟合" in out
    assert "页面：s/polynomial.zh.html" in out


def test_every_flag_is_in_the_help(call: Any) -> None:
    out = call("study", "weight-decay", "--help")[1]
    for each in studies()["weight-decay"].parameters:
        assert each.option in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("weigth-decay",), "Study: the name must be a known one; got 'weigth-decay'. Did you mean 'weight-decay'?"),
        (("weigth-decay", "--lambda", "3"), "Did you mean 'weight-decay'?"),
        (("polynomial", "--sedes", "3"), "Command line: '--sedes' is not an option of 'goodfit study polynomial'."),
        (
            ("polynomial", "--seeds", "1", "--noise", "x"),
            "study polynomial: '--seeds' must be a whole number from 2 to 10000; got 1.\n"
            "study polynomial: '--noise' must be a number from 0 to 10; got 'x'.",
        ),
    ],
)
def test_bad_input(call: Any, words: tuple[str, ...], message: str) -> None:
    code, out, err = call("study", *words)
    assert (code, out) == (2, "")
    assert message in err


def test_the_chapter_goes_on_after_a_study_that_cannot_be_run(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data of one are nowhere to be had: the others are written, the index says so, and the exit code too."""

    def nowhere(*_: Any) -> Any:
        raise GoodfitError("the data are nowhere to be had.")

    known = studies()
    small = replace(
        known["polynomial"],
        parameters=tuple(
            replace(each, default={"seeds": 3, "epochs": 20, "long_epochs": 20}.get(each.name, each.default))
            for each in known["polynomial"].parameters
        ),
    )
    failing = replace(known["weight-decay"], measure=nowhere)
    monkeypatch.setattr(running, "studies", lambda: {"polynomial": small, "weight-decay": failing})
    code, out, err = call("study", "all", "--out", "s")
    assert code == 1
    assert "weight-decay failed. the data are nowhere to be had." in err
    assert "polynomial: 3 nets with 4 features" in err
    assert "Index: s/index.html" in out
    index = Path("s/index.html").read_text()
    assert "nowhere to be had" in index
    assert 'href="polynomial.html"' in index
    assert {path.name for path in Path("s").iterdir()} == {
        *("index.html", "index.zh.html", "polynomial", "polynomial.html", "polynomial.zh.html"),
        "unfinished",  # so that the same command, or --resume, tries again what failed, and trains nothing twice
    }


def test_a_folder_that_cannot_be_written_ends_it(call: Any) -> None:
    Path("s").write_text("")
    code, _, err = call("study", "polynomial", *SMALL, "--out", "s", "--quiet")
    assert code == 2
    assert "s" in err
    assert "must be writable" in err


def test_parameters_are_refused_by_the_names_of_their_flags(call: Any) -> None:
    for name in ("weight-decay", "backprop"):
        code, out, err = call("study", name, "--lambda", "-3")
        assert (code, out) == (2, "")
        assert f"study {name}: '--lambda' must be a number from 0 to " in err
        assert "'l2'" not in err
    err = call("study", "weight-decay", "--seeds", "0")[2]
    assert "'--seeds' must be a whole number" in err


@pytest.mark.parametrize("command", [("study",), ("study", "weight-decay"), ("study", "all")])
def test_a_language_that_there_is_not_lists_those_that_there_are(command: tuple[str, ...], call: Any) -> None:
    assert call(*command, "--language", "cn") == (
        2, "", "Command line: '--language' must be one of en, zh; got 'cn'.\n",
    )  # fmt: skip
