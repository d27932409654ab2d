"""What each finding looks like in practice: a recipe that brings it about, and what it advises."""

from __future__ import annotations

from typing import Any

from benchmarks.planted import FAULTS, Fault

LAYERS = "`activation` relu with its initialiser, all layers alike; fewer layers where that is so already"
FEWER = "fewer, wider layers of ReLU, AdamW at 0.001, no penalty and no dropout"
RATE = "`learning_rate`: what a range test, made again with the other changes, finds"
ADVICE = {
    "constant-prediction": f"a new start, where nothing else was found: {FEWER}",
    "loss-not-finite": "that of what made it so: `learning_rate`, or how the net is built",
    "inputs-unscaled": "`scaling` standard",
    "outputs-out-of-range": "targets scaled to unit variance, where they are numbers; else `init` he-normal, and "
    "`clip_norm` 1",
    "targets-small": "targets scaled to unit variance",
    "labels-constant": "none: no recipe mends it; look at the targets",
    "labels-shuffled": "none: no recipe mends it; look at how targets and inputs were put together",
    "linear-collapse": LAYERS,
    "redundant-layer": "`hidden` without that layer, where nothing else was found",
    "initial-variance": "the initialiser that fits the activation; fewer layers where that is so already",
    "wrong-initialiser": "the initialiser that fits the activation; fewer layers where that is so already",
    "saturated-units": "the initialiser of tanh where it is tanh; else " + LAYERS.partition(";")[0],
    "dead-units": "`activation` leaky-relu, and the initialiser of ReLU with biases of 0",
    "symmetric-units": "a random initialiser that fits the activation",
    "vanishing-gradient": LAYERS,
    "exploding-gradient": LAYERS,
    "learning-rate-high": RATE,
    "learning-rate-low": RATE,
    "updates-small": "`learning_rate`: so much higher, where no range test found one",
    "updates-large": "`learning_rate`: so much lower, where no range test found one",
    "over-regularised": "the penalty or dropout that holds it back: 0",
    "bottleneck": "`hidden`: the narrow layers wider",
    "too-deep": "`hidden`: fewer layers",
}


def shown_by(code: str) -> str:
    """A training that has this finding: of those that `python -m benchmarks.findings` plants."""
    planted = [each for each in FAULTS if code in each.must] or [each for each in FAULTS if code in each.may]
    fault = min(planted, key=lambda each: (each.data is not None, len(each.must)))
    return f"{fault.name}{_recipe(fault)}"


def _recipe(fault: Fault) -> str:
    fields = fault.changes[0] or next((each for each in fault.changes if each and fault.data is None), {})
    return f": `gf.Recipe({', '.join(f'{name}={_value(value)}' for name, value in fields.items())})`" if fields else ""


def _value(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > 2 and len(set(value)) == 1:
        return f"({value[0]},) * {len(value)}"
    return repr(value)
