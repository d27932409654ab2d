"""What a run of a study gives, and what it says where a study gives something else than it declares."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from studies_help import Small

import goodfit as gf
from goodfit.errors import GoodfitError, InputError
from goodfit.figures.shown import new_figure
from goodfit.studies import catalogue, run_all, running
from goodfit.studies.declaring import Claim, Column, Drawing, Measured, Study, TableOf
from goodfit.studies.estimates import exactly
from goodfit.studies.words import Words
from page_check import check

TEXT = Words("A text?", "文字？")
GOOD = Measured(tables={"rows": {"at": [1, 2]}}, claims={"true": exactly(1.0)})


def declared(measured: Measured) -> Study:
    return Study(
        name="made-up",
        section="4.9",
        title=TEXT,
        question=TEXT,
        about=(),
        parameters=(),
        tables=(TableOf("rows", TEXT, (Column("at", TEXT),), left=0),),
        figures=(Drawing("drawn", "rows", TEXT, TEXT, lambda _, width, say: new_figure(width, 2)),),
        claims=(Claim("true", TEXT, TEXT, low=0.5),),
        measure=lambda given, tell: measured,
        small={},
    )


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a made-up study into the catalogue."""

    def put(measured: Measured) -> None:
        monkeypatch.setattr(catalogue, "names", lambda: ["made-up"])
        monkeypatch.setattr(catalogue, "_load", lambda _: declared(measured))

    return put


def test_the_face(known: Any) -> None:
    known(GOOD)
    result = gf.studies.run("made-up")
    assert result.claim("true").status == "holds"
    assert result.tables["rows"]["at"] == [1, 2]
    assert result.figure("drawn").get_size_inches().tolist() == [9.2, 2]
    assert result.figure("drawn", 4.6) is result.figure("drawn", 4.6)
    assert result.figure("drawn", 4.6, "zh") is not result.figure("drawn", 4.6)
    assert check(result.html("zh")).all("h1")[0].text == "文字？"


def test_names_that_are_not_there(known: Any, small: Small) -> None:
    known(GOOD)
    result = gf.studies.run("made-up")
    with pytest.raises(InputError, match=r"study made-up: figure: the name must be a known one; got 'drwan'"):
        result.figure("drwan")
    with pytest.raises(InputError, match=r"study made-up: claim: the name must be a known one; got 'false'\. Valid"):
        result.claim("false")
    with pytest.raises(InputError, match=r"Study: the name must be a known one; got 'madeup'\. Did you mean 'made-up'"):
        gf.studies.run("madeup")
    with pytest.raises(InputError, match=r"study made-up: 'seeds' is not a parameter\. The study takes none"):
        gf.studies.run("made-up", seeds=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": {"rows": {"at": [1], "more": [2]}}}, r"table rows must have columns \['at'\] of one length"),
        ({"tables": {}}, "table rows must have columns"),
        ({"tables": {**GOOD.tables, "other": {"at": [1]}}}, r"tables must be \['rows'\], not \['other', 'rows'\]"),
        ({"claims": {}}, r"claims must be \['true'\], not \[\]"),
        ({"printed": {"norm": exactly(1.0)}}, r"printed must be \[\], not \['norm'\]"),
    ],
)
def test_a_study_must_give_what_it_declares(known: Any, changes: dict[str, Any], message: str) -> None:
    known(dataclasses.replace(GOOD, **changes))
    with pytest.raises(ValueError, match=f"study made-up: {message}"):
        gf.studies.run("made-up")


def test_the_whole_chapter_stops_at_a_folder_that_cannot_be_written(
    known: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known(GOOD)
    monkeypatch.setattr(running, "studies", lambda: {"made-up": declared(GOOD)})
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must be writable"):
        run_all(tmp_path / "file")


def test_a_wrong_parameter_of_the_chapter_is_told_before_all_else(
    known: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known(GOOD)
    monkeypatch.setattr(running, "studies", lambda: {"made-up": declared(GOOD)})
    with pytest.raises(InputError, match="'seeds' is not a parameter"):
        run_all(tmp_path, given={"made-up": {"seeds": 1}})

    def gone(*_: Any) -> Any:
        raise GoodfitError("no data")

    monkeypatch.setattr(running, "studies", lambda: {"made-up": dataclasses.replace(declared(GOOD), measure=gone)})
    assert run_all(tmp_path) == ([], {"made-up": "no data"})


@pytest.mark.usefixtures("undrawn")
def test_what_was_trained_before_a_kill_is_not_trained_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"seeds": 2, "epochs": 10, "long_epochs": 12}
    whole = gf.studies.run("polynomial", **given)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            gf.studies.run("polynomial", out=tmp_path, **given)
    assert len(list((tmp_path / "unfinished" / "polynomial").glob("population-*/turn-0000.safetensors"))) == 3
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", stop)
        ((found,), failed) = gf.studies.resume(tmp_path)
    assert failed == {}
    assert found.tables == whole.tables
    assert found.given.to_dict() == whole.given.to_dict()
    assert not (tmp_path / "unfinished").exists()
    with pytest.raises(InputError, match="must hold a study that was interrupted"):
        gf.studies.resume(tmp_path)


@pytest.mark.usefixtures("undrawn")
def test_another_call_leaves_what_is_unfinished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running, "write", stop)
        with pytest.raises(KeyboardInterrupt):
            gf.studies.run("polynomial", out=tmp_path, seeds=2, epochs=10, long_epochs=10)
    finish = f"Finish that one with: goodfit study --resume {tmp_path}, or delete"
    with pytest.raises(InputError, match=f"polynomial: holds a different study. {finish}"):
        gf.studies.run("polynomial", out=tmp_path, seeds=2, epochs=11, long_epochs=10)
    ((found,), _) = gf.studies.resume(tmp_path)
    assert found.given.epochs == 10
    assert found.tables == gf.studies.run("polynomial", seeds=2, epochs=10, long_epochs=10).tables


@pytest.mark.usefixtures("undrawn")
def test_a_study_run_again_overwrites_nothing(tmp_path: Path) -> None:
    def run(rows: int, out: Path | None = tmp_path) -> Any:
        return gf.studies.run("test-reuse", out=out, seeds=5, models=20, looks=10, rows=rows)

    def found(name: str) -> list[bytes]:
        parts = [tmp_path / f"{name}.html", tmp_path / f"{name}.zh.html", tmp_path / name / "best.csv"]
        return [part.read_bytes() for part in parts]

    run(100)
    first = found("test-reuse")
    run(101)
    assert found("test-reuse-1") == first
    second = found("test-reuse")
    assert second[2] != first[2]
    run(101)  # the same result
    assert not (tmp_path / "test-reuse-2").exists()
    run(102, out=None).write(tmp_path)
    assert found("test-reuse-2")[2] == second[2]
    assert found("test-reuse-1") == first


def test_a_result_is_a_few_lines() -> None:
    found = gf.studies.run("polynomial", seeds=2, epochs=10, long_epochs=10)
    first, claims, *headlines = repr(found).splitlines()
    assert first == "4.3.4 Polynomial regression: goodfit study polynomial --seeds 2 --epochs 10 --long-epochs 10"
    assert claims.startswith("  claims: holds: ")
    assert len(headlines) == 3
    assert all(line.endswith(("holds", "does not hold", "cannot tell")) for line in headlines)


def test_a_study_of_ones_own_is_run_and_written_as_the_shipped_ones_are(tmp_path: Path) -> None:
    """Without a section, and in English alone; its page says the call, for no command knows it."""
    own = dataclasses.replace(declared(GOOD), section="", title=Words("Mine"))
    result = gf.studies.run(own, out=tmp_path)
    assert repr(result).startswith("Mine: goodfit.studies.run(study)  # study: your Study named 'made-up'\n")
    text = (tmp_path / "made-up.html").read_text("utf-8")
    assert "goodfit.studies.run(study)" in text
    assert "<h1>Mine</h1>" in text
    assert "goodfit lab" not in text
    assert "zh.html" not in text  # nothing is written, nor linked, in a language that was not given
    assert not (tmp_path / "made-up.zh.html").exists()
    both = dataclasses.replace(own, title=Words("Mine", "我的"))
    assert [page.name for page in gf.studies.run(both).write(tmp_path / "both")] == ["made-up.html", "made-up.zh.html"]
    with pytest.raises(InputError, match=r"got 'own\.py'. A study of your own runs from Python: goodfit\.studies\.run"):
        gf.studies.run("own.py")
    assert not (tmp_path / "unfinished").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [("weight-decay", "must have a name of its own"), ("Made up", "lower-case words"), ("../up", "lower-case words")],
)
def test_the_name_of_a_study_of_ones_own(name: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        gf.studies.run(dataclasses.replace(declared(GOOD), name=name))
