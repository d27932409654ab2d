"""The lab over its socket, with the process that really trains: what a page asks for is done, and told."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL, TOKEN, Lab, Page, lab
from scipy import stats

import goodfit

pytestmark = pytest.mark.xdist_group("lab-live")
ENCODED = {**SMALL, "recipe": {**SMALL["recipe"], "encoding": "piecewise"}}


@pytest.fixture(scope="module")
def here() -> Iterator[Lab]:
    with lab() as found:
        yield found


@pytest.fixture(scope="module")
def page(here: Lab) -> Iterator[Page]:
    found = here.page()
    yield found
    found.close()


def opened(page: Page, **changes: Any) -> dict[str, Any]:
    page.got.clear()
    told = page.ask("open", state={**SMALL, **changes})
    assert told["say"] == "ok", told
    return page.last("opened")[0]


def curves(page: Page, branch: str = "A") -> dict[str, Any]:
    """The curves as a page puts them together."""
    found: dict[str, Any] = {}
    for header, columns in page.got:
        if header["say"] == "curves" and header["branch"] == branch:
            for name, values in columns.items():
                found[name] = np.concatenate([found.get(name, values[:0])[: header["first"]], values])
    return found


def stands(page: Page, state: str) -> dict[str, Any]:
    """How it stands, once it does so."""
    return page.until(lambda told: told["say"] == "state" and told["state"] == state)[0]


def test_a_page_is_told_all_of_a_state(page: Page) -> None:
    assert len(page.welcome["limits"]) == 5
    assert {each["name"] for each in page.welcome["data"]} == set(goodfit.data.names())
    assert [each["name"] for each in page.welcome["fields"]][:3] == ["hidden", "activation", "init"]
    told = opened(page)
    assert (told["rows"]["train"], told["rows"]["valid"], told["epochs"], told["steps"]) == (48, 16, 40, 3)
    assert told["nets"] == [{"seed": seed, "hidden": [4, 3]} for seed in (5, 6, 7)]
    kinds = [header["say"] for header, _ in page.got]
    assert kinds == ["opened", "points", "changed", "curves", "boundary", "units", "state", "ok"]
    assert len(page.last("points")[1]["x1"]) == 64  # no test row among them
    assert page.last("boundary")[1]["mean"].shape == (1, 40, 40)
    assert page.last("units")[1]["units"].shape == (7, 12, 12)


def test_what_it_plays_is_what_train_trains(page: Page) -> None:
    opened(page)
    page.ask("play")
    stands(page, "done")
    found = curves(page)
    run = goodfit.train(
        {**SMALL["recipe"], "seed": 5}, goodfit.data.load("moons", n_train=64, noise=0.2, seed=1), seeds=3
    )
    for name in ("train_loss", "train_score", "valid_loss", "valid_score"):
        assert np.array_equal(found[name], run.history[name]), name
    assert found["epoch"].tolist() == [*range(1, 41)]
    page.ask("rewind", epoch=7)
    page.ask("step", epochs=20)
    stands(page, "paused")
    again = curves(page)
    assert np.array_equal(again["valid_loss"], run.history["valid_loss"][:27])


def test_a_branch_goes_on_beside_and_is_compared(page: Page) -> None:
    opened(page)
    page.ask("step", epochs=12)
    stands(page, "paused")
    assert page.ask("branch", epoch=5, fields={"learning_rate": 0.2})["say"] == "ok"
    page.ask("rewind", epoch=2)
    page.ask("step")
    stands(page, "paused")
    assert page.last("state")[0]["epoch"] == {"A": 3, "B": 5}  # one epoch, not as far as B
    page.ask("play")
    stands(page, "done")
    first, second = curves(page), curves(page, "B")
    assert len(first["epoch"]) == len(second["epoch"]) == 40
    assert np.array_equal(first["valid_loss"][:5], second["valid_loss"][:5])
    told = page.last("difference")[0]
    apart = second["valid_loss"][-1].astype(np.float64) - first["valid_loss"][-1]
    assert told["mean"] == pytest.approx(apart.mean(), rel=1e-6)
    low, high = goodfit.intervals.of_mean(apart)
    assert (told["low"], told["high"]) == pytest.approx((low, high))
    page.ask("drop", branch="A")
    assert page.last("changed")[0]["marks"][0]["fields"] == {"learning_rate": 0.2}
    assert np.array_equal(curves(page)["valid_loss"], second["valid_loss"])
    assert page.refused("drop") == "Lab: there is no branch to drop."


def test_steps_that_are_asked_for_while_one_is_on_its_way_add_up(page: Page) -> None:
    opened(page)
    for do in ("step", "step", "step", "batch"):
        page.send(do)
    last = page.number
    page.until(lambda told: (told["say"], told["to"]) == ("ok", last))
    told = page.last("state")[0]
    assert (told["epoch"], told["batch"], told["state"]) == ({"A": 3}, 1, "paused")
    assert "playing" not in page.quiet()


def test_a_field_that_does_nothing_names_what_it_needs(page: Page) -> None:
    """The page does not offer it there; where it needs what every net here has, it is always offered."""
    needs = {each["name"]: each["needs"] for each in page.welcome["fields"]}
    assert needs["weight_decay"] == [["optimizer", ["adamw", "lion"]]]
    assert needs["bias_rate"] == [["bias", [True]]]
    assert needs["learning_rate"] == needs["dropout"] == []
    opened(page)
    page.ask("step")
    stands(page, "paused")
    assert "'weight_decay'" in page.refused("change", fields={"weight_decay": 0.1})


def test_a_branch_goes_with_its_trunk_and_not_with_another(page: Page) -> None:
    """Back with A, as far as to where it left; gone with a sentence once A is another before that."""
    opened(page)
    page.ask("step", epochs=4)
    stands(page, "paused")
    page.ask("change", fields={"learning_rate": 0.05})
    page.ask("step", epochs=4)
    stands(page, "paused")
    for back, change in ((6, {"learning_rate": 0.01}), (2, None)):  # changed anew; without the change that both had
        page.ask("branch", epoch=8, fields={"learning_rate": 0.2})
        page.ask("step", epochs=4)
        stands(page, "paused")
        page.ask("rewind", epoch=10)
        assert page.last("state")[0]["epoch"] == {"A": 10, "B": 10}
        if change is not None:
            page.ask("rewind", epoch=back)
            assert page.last("state")[0]["epoch"] == {"A": back, "B": 8}
            assert page.last("difference")[0]["sentence"]["en"].startswith("B waits at epoch 8, where it left A.")
            acts = next(
                each["acts"] for each, _ in reversed(page.got) if (each["say"], each.get("branch")) == ("changed", "B")
            )
            first = page.last("opened")[0]["state"]
            beside = {"epoch": 8, "acts": acts}
            opened(page, **first, epoch=back, acts=acts[:1], branch=beside)  # an address holds it
            assert page.last("state")[0]["epoch"] == {"A": back, "B": 8}
            page.ask("change", fields=change)
        else:
            page.ask("rewind", epoch=back)
        assert page.last("dropped")[0]["branch"] == "B"
        said = page.last("note")[0]
        assert said["sentence"] == "B has been dropped: A is no longer the training that it left at epoch 8."
        assert said["zh"]
        assert page.last("state")[0]["epoch"] == {"A": back}
        page.ask("step", epochs=8 - back)
        stands(page, "paused")
    page.ask("branch", epoch=3, fields={"learning_rate": 0.2})
    page.ask("undo", branch="B")  # of the change by which it left
    assert page.last("dropped")[0]["branch"] == "B"


def test_changes_are_marked_and_the_state_that_holds_them_opens_alike(page: Page) -> None:
    opened(page)
    page.ask("step", epochs=6)
    stands(page, "paused")
    page.ask("change", fields={"l2": 0.05})
    page.ask("weight", layer=0, kind="w", i=1, j=0, value=2.0, net=1)
    assert page.last("units")[0]["epoch"] == 6
    page.ask("step", epochs=3)
    stands(page, "paused")
    told, seen, picture = page.last("changed")[0], curves(page), page.last("boundary")[1]["mean"]
    assert [mark["sentence"] for mark in told["marks"]] == ["l2 0.05", "a weight of layer 1 set to 2"]
    opened(page, epoch=9, acts=told["acts"])
    assert np.array_equal(curves(page)["train_loss"], seen["train_loss"])
    assert np.array_equal(page.last("boundary")[1]["mean"], picture)
    page.ask("undo")
    assert page.last("changed")[0]["acts"] == told["acts"][:1]
    page.ask("reset")
    assert (page.last("changed")[0]["acts"], page.last("state")[0]["epoch"]) == ([], {"A": 0})


def test_what_is_opened_need_not_be_trained_to_its_end(page: Page) -> None:
    """Hours, as far as the address says; the initial nets are there at once."""
    page.got.clear()
    recipe = {**SMALL["recipe"], "epochs": 20_000, "batch_size": 1}
    page.send("open", state={**SMALL, "recipe": recipe, "nets": 256, "epoch": 20_000})
    stands(page, "opening")
    page.ask("reset")
    told = page.last("state")[0]
    assert (told["state"], told["epoch"]) == ("paused", {"A": 0})


def test_batches_and_pictures_on_request(page: Page) -> None:
    opened(page)
    for batch in (1, 2, 0):
        page.ask("batch")
        assert (page.last("state")[0]["batch"], page.last("boundary")[0]["batch"]) == (batch, batch)
    assert page.last("state")[0]["epoch"] == {"A": 1}
    page.ask("view", net=2, grid=9, thumbnails=0, unit_net=1)
    assert page.last("boundary")[1]["mean"].shape == (1, 9, 9)
    assert page.last("boundary")[0]["net"] == 2
    assert not page.last("boundary")[1]["spread"].any()  # of one net
    page.ask("view")


def test_it_plays_no_faster_than_it_is_asked_to(page: Page) -> None:
    opened(page)
    page.ask("play", speed=50)
    page.until(lambda told: told["say"] == "curves" and told["first"] >= 10)
    page.ask("pause")
    assert page.last("state")[0]["epoch"]["A"] < 40


@pytest.mark.parametrize(
    ("do", "fields", "match"),
    [
        ("export", {"kind": "replay", "state": ENCODED}, "Replay: features must not be encoded"),  # before its job
        ("open", {"state": {"recipe": {"l2": -1}, "data": {"name": "mons"}}}, "Did you mean 'moons'"),
        ("open", {"state": {**SMALL, "data": {"file": "gone.csv", "target": "y"}}}, "'gone.csv' is not here any more"),
        ("rewind", {"epoch": 41}, "'epoch' must be from 0 to"),
        ("rewind", {"epoch": 0, "branch": "B"}, "there is no branch B. Make one with 'branch'"),
        ("change", {"fields": {"hidden": [2]}}, "'hidden' cannot change while a net trains"),
        ("weight", {"layer": 9, "i": 0, "value": 1}, "the net has no layer 10"),
    ],
)
def test_what_is_refused_is_said_and_the_training_stays(page: Page, do: str, fields: Any, match: str) -> None:
    opened(page)
    assert match in page.refused(do, **fields)
    assert page.last("error")[0].get("gone", False) == ("gone.csv" in match)
    assert page.ask("step")["say"] == "ok"
    stands(page, "paused")


def test_a_table_is_read_as_on_the_command_line(here: Lab, page: Page) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{x:.3f},{rng.choice(list('ab'))},{'yes' if x > 0 else 'no'}" for x in rng.normal(size=80)]
    status, told = here.keep("people.csv", "\n".join(["age,kind,member", *rows]).encode())
    assert (status, told) == (
        200,
        {"file": "people.csv", "rows": 80, "columns": ["age", "kind", "member"], "target": "member"},
    )
    found = opened(page, data={"file": "people.csv", "target": "member"})
    assert (found["task"], found["classes"]) == ("classification", ["no", "yes"])
    assert "the target must be one of its columns; got 'sex'" in page.refused(
        "open", state={**SMALL, "data": {"file": "people.csv", "target": "sex"}}
    )


def test_a_step_is_explained_and_findings_are_those_of_inspect(page: Page) -> None:
    opened(page)
    page.ask("step", epochs=2)
    stands(page, "paused")
    assert page.ask("explain", net=1, rows=3)["say"] == "ok"
    told = page.last("explained")[0]["value"]
    assert (told["net"], told["epoch"], len(told["data_rows"]), told["update"]["rate"]) == (1, 2, 3, 0.02)
    assert all(each["right"] for each in told["differences"].values())
    np.testing.assert_allclose(told["update"]["tensors"]["W1"]["before"], page_weights(page, 1), rtol=1e-6)
    assert "'net' must be from 1 to 3; got 4" in page.refused("explain", net=3)


def page_weights(page: Page, net: int) -> Any:
    page.ask("view", unit_net=net)
    return page.last("units")[1]["w0"]


def test_the_sealed_test_set_and_its_count_of_openings(
    page: Page,
) -> None:
    opened(page, data={"name": "moons", "rows": 64, "noise": 0.2, "seed": 77})
    page.ask("seal")
    assert page.last("sealed")[0]["value"] == {"rows": 400, "openings": 0}
    page.ask("unseal")
    told = page.last("unsealed")[0]["value"]
    assert (told["nth"], told["score"]["rows"], told["nets"]) == (1, 400, 3)
    assert told["score"]["low"] <= told["score"]["value"] <= told["score"]["high"]
    assert told["sentence"]["en"].startswith("Scored after epoch 0 of 40: all 3 nets, predicting together. Accuracy 0.")
    assert told["sentence"]["zh"].startswith("第 0 轮之后评分，共 40 轮：全部 3 个网络，合在一起预测。精度 0.")
    page.ask("seal")
    assert page.last("sealed")[0]["value"]["openings"] == 1


def test_folds_lessons_and_claims_in_a_process_of_their_own(here: Lab, page: Page, tmp_path: Any) -> None:
    opened(page)
    assert page.ask("folds", k=2)["say"] == "ok"
    told = page.last("folds")[0]["value"]
    assert (told["done"], [each["fold"] for each in told["folds"]]) == (True, [0, 1])
    values = [each["valid_loss"] for each in told["folds"]]
    mean, spread = np.mean(values), np.std(values, ddof=1)
    wide = stats.t.ppf(0.975, 1) * spread * np.sqrt(1 / 2 + 1)  # Nadeau and Bengio
    assert mean < wide
    found = [told["means"]["valid_loss"][name] for name in ("mean", "low", "high")]
    assert found == pytest.approx([mean, 0, mean + wide])  # no loss is below 0
    assert "'recipe' must be given" in page.refused("folds", k=4, state={})
    assert page.ask("capacity", widths=[1, 3], nets=2)["say"] == "ok"
    told = page.last("capacity")[0]["value"]
    assert [(each["width"], each["parameters"], each["valid_loss"]["nets"]) for each in told["points"]] == [
        (1, 9, 2),
        (3, 29, 2),
    ]
    assert "no such lesson; got 'x'" in page.refused("answer", lesson="x", prediction=1)
    for path, name in (("/lessons", "lessons"), ("/claims", "claims"), ("/studies", "studies")):
        status, _, answer = here.ask("GET", path, headers={"x-goodfit-token": TOKEN})
        assert (status, name in json.loads(answer)) == (200, True)


def test_a_process_that_is_killed_is_told_of_and_nothing_is_lost(here: Lab, page: Page) -> None:
    opened(page)
    page.ask("play")
    stands(page, "done")
    seen = curves(page)
    session = here.sessions.known[page.welcome["session"]]
    os.kill(session.process, signal.SIGKILL)
    told = page.until(lambda each: each["say"] == "error")[0]
    assert told["lost"]
    assert told["sentences"] == [
        "Lab: the process that trained has ended: it was killed, or ran out of memory. What was trained can be trained "
        "again, to the same bits: open its state again."
    ]
    assert "has ended. Open its state again" in page.refused("play")
    opened(page, epoch=40)
    assert np.array_equal(curves(page)["train_loss"], seen["train_loss"])
