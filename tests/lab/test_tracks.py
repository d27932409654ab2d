"""A training that is stopped, stepped, rewound, changed and branched has the bits of one that went through."""

from __future__ import annotations

import itertools
import time
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL

import goodfit
from goodfit.errors import InputError
from goodfit.lab import ahead, tracks
from goodfit.lab.asking import explained
from goodfit.lab.opening import OpenState, open_state
from goodfit.lab.parting import Parting
from goodfit.lab.playing import Player
from goodfit.lab.states import Act, WeightAct, checked_state
from goodfit.lab.telling import columns_of, split_frame
from goodfit.lab.tracks import Track
from goodfit.lab.worker import Worker
from goodfit.models import TrainedNet
from goodfit.training.compile import compilations, forget
from goodfit.training.fitting import Report


@pytest.fixture(scope="module")
def opened() -> OpenState:
    return open_state(checked_state(SMALL), {})


@pytest.fixture(scope="module")
def through(opened: OpenState) -> Track:
    """One that went through; nobody changes it."""
    track = Track(opened)
    track.train(40)
    return track


def alike(nets: list[TrainedNet], others: Any) -> bool:
    pairs = zip(nets, others, strict=True)
    return all(
        np.array_equal(one, other)
        for net, own in pairs
        for one, other in zip((*net.weights, *net.biases), (*own.weights, *own.biases), strict=True)
    )


def test_it_is_what_train_trains(opened: OpenState, through: Track) -> None:
    data = goodfit.data.load("moons", n_train=64, noise=0.2, seed=1)
    run = goodfit.train({**SMALL["recipe"], "seed": 5}, data, seeds=3)
    assert through.ended
    for place, name in enumerate(through.names):
        assert np.array_equal(through.metrics[:, place], run.history[name]), name
    assert alike(through.nets(), run.nets)


def test_stops_steps_and_rewinds_change_no_bit(opened: OpenState, through: Track) -> None:
    track, seen = Track(opened), list[int]()

    def look(own: Track, report: Report) -> bool:
        seen.append(report.epoch)
        return len(seen) % 2 == 0

    while not track.ended:
        before = track.epoch
        track.train(40, look, chunk_seconds=0)
        assert track.epoch == min(before + 2, 40)
    assert seen == [*range(1, 41)]
    assert np.array_equal(track.metrics, through.metrics)
    for epoch in (39, 13, 0):
        track.rewind(epoch)
        assert track.epoch == epoch
        assert len(track.metrics) == epoch
    track.train(7)
    track.train(40)
    assert np.array_equal(track.metrics, through.metrics)
    assert alike(track.nets(), through.nets())
    with pytest.raises(InputError, match="'epoch' must be from 0 to 40, as far as it was trained; got 41"):
        track.rewind(41)


def test_rewinding_is_the_same_wherever_epochs_were_kept(
    opened: OpenState, through: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracks, "KEPT_SECONDS", 0.0)
    track = Track(opened)
    track.train(20, chunk_seconds=0)
    kept = [frame.epoch for frame in track.frames]
    assert kept == [*range(21)]
    monkeypatch.setattr(tracks, "KEPT_BYTES", 1)  # now they are too many
    track.train(21)
    assert [frame.epoch for frame in track.frames] == [0, *range(1, 22, 2)]
    track.rewind(12)
    assert np.array_equal(track.metrics, through.metrics[:12])


def test_a_branch_is_the_training_that_was_changed_there(opened: OpenState, through: Track) -> None:
    fields = {"learning_rate": 0.1, "l2": 0.01}
    straight = Track(opened)
    straight.train(15)
    straight.change(fields)
    straight.train(40)
    track = Track(opened)
    track.train(30)
    branch = track.branch(15, fields)
    assert (branch.epoch, track.epoch) == (15, 30)
    for each in (40, 35, 40):  # one after the other, as the lab does
        branch.train(each)
        track.train(each)
    assert np.array_equal(branch.metrics, straight.metrics)
    assert alike(branch.nets(), straight.nets())
    assert np.array_equal(track.metrics, through.metrics)
    assert np.array_equal(branch.metrics[:15], through.metrics[:15])
    assert not np.array_equal(branch.metrics[15:], through.metrics[15:])
    assert [mark.to_json() for mark in branch.marks] == [
        {"epoch": 15, "fields": fields, "sentence": "learning-rate 0.1, l2 0.01"}
    ]


def test_changes_are_undone_one_by_one_and_by_rewinding(opened: OpenState, through: Track) -> None:
    track = Track(opened)
    track.train(10)
    track.change({"learning_rate": 0.5})
    track.train(20)
    assert track.change({"optimizer": "sgd", "momentum": 0.5}) == "The optimiser starts anew, without moments."
    track.train(30)
    changed = track.metrics.copy()
    track.rewind(25)  # after both
    track.train(30)
    assert np.array_equal(track.metrics, changed)
    track.undo()
    assert (track.epoch, len(track.marks), track.recipe.optimizer) == (20, 1, "adam")
    track.undo()
    assert (track.epoch, len(track.marks)) == (10, 0)
    track.train(40)
    assert np.array_equal(track.metrics, through.metrics)
    with pytest.raises(InputError, match="no change to undo"):
        track.undo()
    track.change({"epochs": 45})  # after its end
    track.train(45)
    assert track.epoch == 45
    track.reset()
    assert (track.epoch, track.marks, track.cohort.epochs) == (0, [], 40)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"hidden": [3]}, "'hidden' cannot change while a net trains; got \\[3\\]. Open the changed state"),
        ({"lerning_rate": 1}, "'lerning_rate' is not a field of the recipe. Did you mean 'learning_rate'"),
        ({"l2": -1}, "'l2' must be a finite number >= 0; got -1"),
        ({"batch_size": 49}, "'batch_size' must not exceed the 48 training examples"),
        ({"optimizer": "lbfgs", "learning_rate": 1.0}, "learn from batches; got 'lbfgs'"),
        ({"epochs": 20_001}, "at most 20,000 'epochs'; got 20,?001"),
        ({}, "'fields' must name what changes"),
    ],
)
def test_what_may_not_change(opened: OpenState, fields: dict[str, Any], match: str) -> None:
    track = Track(opened)
    with pytest.raises(InputError, match=match):
        track.change(fields)
    assert not track.marks


def test_a_weight_is_set_and_nothing_else(opened: OpenState) -> None:
    track = Track(opened)
    track.train(3)
    before = track.nets()
    track.set_weight(WeightAct(layer=1, kind="w", i=2, j=3, value=4.25, net=1))
    after = track.nets()
    assert after[1].weights[1][2, 3] == 4.25
    apart = [np.flatnonzero(a.weights[1] != b.weights[1]).tolist() for a, b in zip(before, after, strict=True)]
    assert apart == [[], [11], []]
    track.set_weight(WeightAct(layer=2, kind="b", i=1, value=-2))
    assert all(net.biases[2][1] == -2 for net in track.nets())
    for act, match in (
        (WeightAct(layer=1, i=3, value=0), "no layer 2 with unit 4 and input 1 \\(net 1 of 3\\)"),
        (WeightAct(layer=3, kind="b", i=0, value=0), "no layer 4 with unit 1"),
        (WeightAct(layer=0, i=0, value=0, net=3), "'net' must be from 1 to 3; got 4"),
    ):
        with pytest.raises(InputError, match=match):
            track.set_weight(act)


def test_what_a_slider_sets_is_one_change(opened: OpenState, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that one undo takes it back; and a state has no more changes than one can be opened with."""
    monkeypatch.setattr(tracks, "MOST_ACTS", 2)
    track = Track(opened)
    track.train(2)
    before = track.nets()
    for value in np.linspace(-1, 1, 9):
        track.set_weight(WeightAct(layer=0, i=1, j=0, value=float(value), net=2))
    assert (len(track.marks), track.nets()[2].weights[0][1, 0]) == (1, 1)
    track.set_weight(WeightAct(layer=0, i=1, j=1, value=0.5, net=2))
    for act in (lambda: track.make_equal(0), lambda: track.change({"l2": 0.1})):
        with pytest.raises(InputError, match="at most 2 changes on its way"):
            act()
    assert len(track.marks) == 2
    track.undo()
    track.undo()
    assert alike(track.nets(), before)


def test_nets_that_stopped_stand_where_they_stopped(opened: OpenState) -> None:
    track = Track(opened)
    track.train(3)
    track._table[1:3, 0, 0] = np.nan  # net 0 stopped after the first epoch
    assert track.standing("train_loss", 3).tolist() == [*track.metrics[0, 0, :1], *track.metrics[2, 0, 1:]]


def test_a_step_within_an_epoch_leads_to_the_next_batch(opened: OpenState) -> None:
    """What is explained after a batch is the step that the training takes then, with its moments."""
    track = Track(opened)
    track.train(4)
    told = explained(track, 1, 16, 1)["update"]["tensors"]
    for count, when in ((1, "before"), (2, "after")):
        own = track.nets_at(track.after_batches(count))[1]
        np.testing.assert_allclose(told["W2"][when], own.weights[1], rtol=0, atol=1e-6)


def test_equal_units_stay_equal(opened: OpenState) -> None:
    """Section 4.8: symmetry that no gradient breaks; dropout would."""
    track = Track(opened)
    track.make_equal(0)
    track.train(25)
    for net in track.nets():
        np.testing.assert_allclose(net.weights[0], net.weights[0][:1].repeat(4, axis=0), rtol=0, atol=1e-6)
        assert np.abs(net.weights[1] - net.weights[1][:1]).max() > 1e-3  # the next layer learns
    with pytest.raises(InputError, match="'layer' must be a hidden layer; the net has 2 of them"):
        track.make_equal(2)


def test_the_acts_of_a_state_make_it_again(opened: OpenState) -> None:
    track = Track(opened)
    track.train(4)
    track.change({"l2": 0.1, "clip_norm": None, "learning_rate": 0.5})
    track.set_weight(WeightAct(layer=0, i=1, j=1, value=0.5, net=2))
    track.train(9)
    track.make_equal(1)
    track.train(12)
    state = checked_state({**SMALL, "epoch": 12, "acts": [mark.act.to_json() for mark in track.marks]})
    again = Track(opened)
    for act in state.acts:
        again.do(Act.model_validate(act.to_json()))
    again.train(state.epoch)
    assert np.array_equal(again.metrics, track.metrics)
    assert alike(again.nets(), track.nets())


def test_batches_lead_to_the_epoch(opened: OpenState, through: Track) -> None:
    track = Track(opened)
    track.train(5)
    before = track.nets()
    of_batches = [track.nets_at(track.after_batches(count)) for count in range(track.steps + 1)]
    assert alike(of_batches[0], before)
    assert not alike(of_batches[1], before)
    assert alike(track.nets(), before)  # the training itself stays where it is
    track.train(6)
    for net, own in zip(of_batches[-1], track.nets(), strict=True):
        for one, other in zip(net.weights, own.weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)
    assert np.array_equal(track.metrics, through.metrics[:6])


def test_mixed_widths_share_seeds() -> None:
    state = checked_state({name: value for name, value in SMALL.items() if name != "nets"} | {"widths": [2, 5, 5]})
    track = Track(open_state(state, {}))
    assert [(job.recipe.hidden, job.recipe.seed) for job in track.jobs] == [((2, 2), 5), ((5, 5), 5), ((5, 5), 6)]
    assert [net.sizes for net in track.nets()] == [(2, 2, 2, 2), (2, 5, 5, 2), (2, 5, 5, 2)]
    track.change({"l1": 0.01})
    assert [job.recipe.hidden for job in track.jobs] == [(2, 2), (5, 5), (5, 5)]


def test_a_net_that_diverges_is_frozen_and_the_rest_goes_on(opened: OpenState) -> None:
    track = Track(opened)
    track.set_weight(WeightAct(layer=2, i=0, j=0, value=1e6, net=1))
    track.change({"optimizer": "sgd", "momentum": 0.5, "learning_rate": 1e38})
    track.train(10)
    assert track.frozen.any()
    assert all(np.isfinite(weight).all() for net in track.nets() for weight in net.weights)


def test_a_state_that_is_refused_lets_the_one_before_go_on(opened: OpenState) -> None:
    """Whatever is asked for ends what is still being trained; and only then turns out to be nothing."""
    first = {"epoch": 0, "change": {"learning_rate": 0.1}}
    acts = [first, {"epoch": 20, "change": {"learning_rate": 0.02}}]
    beside = {"epoch": 25, "acts": [first, {"epoch": 10, "change": {"learning_rate": 0.5}}]}
    state = {**SMALL, "epoch": 40, "acts": acts, "branch": beside}
    asked = [{"do": "open", "id": k, "state": each} for k, each in enumerate((state, {**SMALL, "recipe": {"l2": -1}}))]
    told: list[tuple[dict[str, Any], bytes]] = []
    looks = itertools.count()  # the first is before anything is trained
    commands: Any = SimpleNamespace(next=lambda _: asked.pop(0), holds_any=lambda *_: bool(asked) and next(looks) > 0)
    worker = Worker(commands, lambda frame: told.append(split_frame(frame)))
    worker._turn()
    assert worker.player.track("A").epoch == 1
    assert [header["state"] for header, _ in told if header["say"] == "state"] == ["opening"]
    until = len(told)
    worker._turn()
    assert (told[until][0]["say"], told[until][0]["to"]) == ("error", 1)  # it is not kept waiting for this
    last = told[-1][0]
    assert (last["say"], last["state"], last["epoch"]) == ("state", "paused", {"A": 40, "B": 25})
    for branch, own in (("A", state), ("B", beside)):
        whole = Track(opened)
        whole.follow([Act.model_validate(act) for act in own["acts"]], own["epoch"])
        pieces = [columns_of(*each) for each in told if (each[0]["say"], each[0].get("branch")) == ("curves", branch)]
        losses = np.concatenate([columns["train_loss"] for columns in pieces])
        assert np.array_equal(losses, whole.metrics[:, whole.names.index("train_loss")])


def test_a_state_whose_changes_do_not_fit_is_shown_as_far_as_it_came() -> None:
    wrong = {"epoch": 3, "weight": {"layer": 9, "i": 0, "value": 1.0}}
    asked = {"do": "open", "id": 0, "state": {**SMALL, "epoch": 40, "acts": [wrong]}}
    told: list[dict[str, Any]] = []
    commands: Any = SimpleNamespace(next=lambda _: asked, holds_any=lambda *_: False)
    Worker(commands, lambda frame: told.append(split_frame(frame)[0]))._turn()
    state, error = told[-2:]
    assert (state["state"], state["epoch"]) == ("paused", {"A": 3})
    assert "the net has no layer 10" in error["sentences"][0]


def test_nobody_waits_for_a_program_that_is_compiled(opened: OpenState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Played, and changed, while it is: what was asked for is done at once, and trained once the program is there."""
    compiled, begun = Event(), list[Track]()
    monkeypatch.setattr(ahead, "compiling", lambda track: (begun.append(track), lambda: compiled.wait(20))[1])
    asked: list[dict[str, Any] | None] = [
        *({"do": "open", "id": 0, "state": SMALL}, None, {"do": "play", "id": 1}, None),
        {"do": "change", "id": 2, "fields": {"learning_rate": 0.5}},
    ]
    told: list[dict[str, Any]] = []
    commands: Any = SimpleNamespace(
        next=lambda _=None: asked.pop(0) if asked else None, holds_any=lambda *_: False, waiting=True
    )
    worker = Worker(commands, lambda frame: told.append(split_frame(frame)[0]))
    while asked:
        worker._turn()
    assert [header["to"] for header in told if header["say"] == "ok"] == [0, 1, 2]
    assert (len(begun), worker.player.track("A").epoch) == (1, 0)
    assert [header["state"] for header in told if header["say"] == "state"][-1] == "playing"
    compiled.set()
    end = time.monotonic() + 20
    while worker.player.track("A").epoch == 0 and time.monotonic() < end:
        worker._turn()
    track = Track(opened)
    track.change({"learning_rate": 0.5})
    track.train(worker.player.track("A").epoch)
    assert np.array_equal(worker.player.track("A").metrics, track.metrics)


def test_only_a_few_programs_are_compiled_at_once(opened: OpenState, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody who plays changes what is to be compiled: none that is on its way can be stopped."""
    done = Event()
    monkeypatch.setattr(ahead, "compiling", lambda track: lambda: done.wait(20))
    compiles, states = ahead.Ahead(), [Track(open_state(checked_state(SMALL), {})) for _ in range(4)]
    began = [compiles.begin(track, waited_for=True) for track in states]
    done.set()
    assert began == [True] * ahead.MOST_AT_ONCE + [False] * (4 - ahead.MOST_AT_ONCE)


def test_what_is_compiled_ahead_leaves_no_trace(opened: OpenState, through: Track) -> None:
    """But for the program, which is the one that trains."""
    track = Track(opened)
    track.train(5)
    frames = [*track.frames]
    forget()
    ahead.compiling(track)()
    assert (track.epoch, track.frames) == (5, frames)
    compiled = compilations()
    track.train(40)
    assert compilations() == compiled
    assert np.array_equal(track.metrics, through.metrics)


def test_b_left_where_its_first_own_change_is(opened: OpenState) -> None:
    """However many changes it has by now, as when its address is opened."""
    first = Track(opened)
    first.change({"dropout": 0.1})
    first.train(8)
    second = first.branch(3, {"learning_rate": 0.5})
    assert Parting.of(first, second) == Parting(3, (first.marks[0].act,))
    second.train(6)
    second.change({"learning_rate": 0.2})
    parting = Parting.of(first, second)
    assert parting == Parting(3, (first.marks[0].act,))
    assert parting.is_of(first)
    first.change({"learning_rate": 0.1})
    assert parting.is_of(first)  # behind it
    second.undo()
    assert parting.has_left(second)
    second.undo()
    assert not parting.has_left(second)


def test_what_is_paused_is_what_is_shown(opened: OpenState) -> None:
    """While it trains, pictures are of an epoch before."""
    told: list[dict[str, Any]] = []
    player: Player
    player = Player(lambda header, _=None: told.append(header), lambda: player.track("A").epoch >= 7, lambda: False)
    player.open(opened)
    player.play(None)
    player.advance()
    player.halt()
    shown = {each["say"]: each for each in told}
    assert shown["boundary"]["epoch"] == shown["units"]["epoch"] == shown["state"]["epoch"]["A"] >= 7
    assert shown["state"]["state"] == "paused"
