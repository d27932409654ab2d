"""A run predicts, and saves all that predicting needs, whatever door it came through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
import goodfit.runs.record
import goodfit.runs.rows_again
import goodfit.runs.run
from goodfit.data.prints import fingerprint
from goodfit.errors import InputError
from goodfit.models import Model, save_model
from goodfit.runs import load as load_run

RECIPE = gf.Recipe(hidden=(6,), epochs=2, batch_size=32)


def frame(rows: int = 90, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, town = rng.integers(18, 90, rows).astype(float), rng.choice(["Oslo", "Rome", "Bern"], rows)
    made = pd.DataFrame(
        {"age": np.where(rng.random(rows) < 0.1, np.nan, age), "town": town, "shoe": rng.normal(size=rows)}
    )
    made["rich"] = np.where(age + 30 * (town == "Oslo") + rng.normal(0, 9, rows) > 70, "yes", "not yet")
    return made


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> tuple[gf.Run, gf.Run]:
    """The same run, as it was trained and as it was loaded; of a table file, for which the choices are kept."""
    path = tmp_path_factory.mktemp("people")
    frame().to_csv(path / "people.csv", index=False)
    run = gf.train(RECIPE, gf.data.read_table(path / "people.csv", "rich"), seeds=2, out=path / "run", leaks="off")
    return run, load_run(path / "run")


def by_hand(run: gf.Run, rows: pd.DataFrame) -> np.ndarray:
    """Probabilities without the model: of the inputs that the preprocessing of the training rows makes."""
    preprocessing = gf.data.table(frame(), "rich").split(valid=RECIPE.valid, seed=RECIPE.seed).data.preprocessing
    x, _ = preprocessing.transform(rows)
    return np.mean([net.predict_proba(x) for net in run.nets], axis=0)


def test_a_run_predicts_on_a_frame_like_its_own(people: tuple[gf.Run, gf.Run]) -> None:
    new = frame(40, seed=1)
    expected = by_hand(people[0], new)
    for run in people:
        for rows in (new, new[["shoe", "town", "age"]], new.drop(columns="rich").to_dict("list")):
            np.testing.assert_allclose(run.predict_proba(rows), expected, atol=1e-6)
            assert run.predict(rows).tolist() == [("not yet", "yes")[code] for code in expected.argmax(1)]


def test_a_run_on_arrays_predicts_on_arrays() -> None:
    data = gf.data.load("iris")
    run = gf.train(RECIPE, data, seeds=2, leaks="off")
    expected = np.mean([net.predict_proba(data.x) for net in run.nets], axis=0)
    np.testing.assert_allclose(run.predict_proba(data.x), expected, rtol=1e-5)
    assert run.predict(data.x).tolist() == [data.classes[code] for code in expected.argmax(1)]
    with pytest.raises(InputError, match="must be a 2-d array of numbers with 4 columns"):
        run.predict(data.x[0])


def same(one: Model, other: Model) -> None:
    assert one.preprocessing == other.preprocessing is not None
    assert (one.about, one.data, one.classes) == (other.about, other.data, other.classes)
    for mine, theirs in zip(one.nets, other.nets, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine.weights, theirs.weights, strict=True))


def test_every_run_saves_the_whole_model(people: tuple[gf.Run, gf.Run], tmp_path: Path) -> None:
    assert people[0].folder is not None
    written = gf.load_model(people[0].folder)
    assert written.about["table"] == {"target": "rich"}
    assert written.data["rows"] == 90
    for place, run in enumerate(people):
        run.save(tmp_path / f"{place}.safetensors")
        same(gf.load_model(tmp_path / f"{place}.safetensors"), written)
    nowhere = gf.train(RECIPE, gf.data.read_table(people[0].folder.parent / "people.csv", "rich"), seeds=2, leaks="off")
    nowhere.save(tmp_path / "nowhere.safetensors")
    same(gf.load_model(tmp_path / "nowhere.safetensors"), written)


def test_nets_of_a_table_are_never_saved_without_their_preprocessing(
    people: tuple[gf.Run, gf.Run], tmp_path: Path
) -> None:
    new, path = frame(40, seed=1), tmp_path / "model.safetensors"
    for run in people:
        of_file = gf.load_model(run.folder)
        for nets in (run.nets, run.sound, of_file.nets, Model(run.nets).nets, [replace(run.nets[0], seed=5)]):
            save_model(path, nets)
            expected = run.predict_proba(new) if len(nets) > 1 else Model(tuple(nets)).predict_proba(new)
            np.testing.assert_array_equal(gf.load_model(path).predict_proba(new), expected)
    made = people[0].model.preprocessing
    alone = [replace(net, preprocessing=None) for net in people[0].nets]  # which says that it is meant
    save_model(path, alone)
    assert gf.load_model(path).preprocessing is None
    save_model(path, Model(tuple(alone), preprocessing=made).nets)
    assert gf.load_model(path).preprocessing == made


def test_nets_of_different_preprocessing_are_refused(people: tuple[gf.Run, gf.Run], tmp_path: Path) -> None:
    net = people[0].nets[0]
    rows = np.arange(30)
    other = gf.data.table(frame(), "rich").dataset(rows).preprocessing
    path, rule = tmp_path / "model.safetensors", "all nets must take their features from tables by the same preproc"
    mixed: list[Any] = [[net, replace(net, preprocessing=None)], [net, replace(net, preprocessing=other)]]
    for nets in mixed:
        with pytest.raises(InputError, match=rule):
            save_model(path, nets)
        with pytest.raises(InputError, match=f"Model: {rule}"):
            Model(tuple(nets))
    with pytest.raises(InputError, match=rule):
        save_model(path, [net], preprocessing=other)
    with pytest.raises(InputError, match=r"Model: must hold at least one net, .*; got '0 nets of 0 kinds'"):
        Model(())
    narrow = replace(other, columns=other.columns[:1])
    with pytest.raises(InputError, match=r"Net: 'preprocessing' must make the \d inputs of the nets; got \d"):
        replace(net, preprocessing=narrow)
    assert not path.exists()


def test_loose_nets_of_a_table_are_compared_on_new_rows_of_one(
    people: tuple[gf.Run, gf.Run],
) -> None:
    new, run = frame(60, seed=5), people[0]
    for other in (run.nets, run.nets[0], Model(run.nets)):
        found = gf.compare(run, other, {name: new[name].to_numpy() for name in new}, target="rich")
        assert (found.part, found.rows) == ("new", 60)


def test_the_data_are_looked_at_whole_once_and_not_to_predict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looked: list[str] = []

    def counting(data: gf.data.Dataset) -> str:
        looked.append(data.name)
        return fingerprint(data)

    for module in (goodfit.runs.run, goodfit.runs.record, goodfit.runs.rows_again):
        monkeypatch.setattr(module, "fingerprint", counting)
    run = gf.train(RECIPE, "iris", leaks="off")
    run.predict(np.zeros((1, 4)))
    assert looked == []
    assert run.model.data is not None
    assert looked == ["iris"]
    kept = gf.train(RECIPE, "iris", leaks="off", out=tmp_path / "run")
    assert (kept.model.data, looked) == (run.model.data, ["iris"] * 2)
