"""What a fit comes to, in sentences: how good it is, how optimistic the choice was, what more time would bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goodfit.runs.chosen import default_stays

WIDTH = 1e-6  # of the loss: an interval that is not wider holds rounding errors, and is no evidence


def sentences(facts: Mapping[str, Any]) -> list[str]:
    """The choice, its nested loss, its optimism, the temperature, more time. facts: `Run.ensemble` without them."""
    what, default, nested = facts["loss"], _default(facts), f"{facts['nested']:.4g}"
    tempered, stays = facts["temperature"] != 1, default_stays(facts)
    told = []
    if facts["settings"] == 1:
        told.append(f"The time sufficed for {default} alone.")
    elif stays:
        told.append(f"No choice of members did better than {default} alone on folds that it had not seen: it stays.")
    chosen = " and ".join(["choice"] * (not stays) + ["temperature"] * tempered)
    if chosen:
        gain, low, high = facts["gain"]
        told.append(
            f"Nested {what}, each fold by the {chosen} that left it out: {nested}, against {facts['default']:.4g} of "
            f"{default} alone; better by {gain:.2g} (95 % interval over {_over(facts)}: {low:.2g} to {high:.2g})."
        )
        of = "the default recipe with that temperature" if stays else "the chosen ensemble"
        by = facts["nested"] - facts["chosen"]
        told.append(f"Of {of} on the rows that chose it: {facts['chosen']:.4g}, optimistic by {by:.2g}.")
    else:
        told.append(f"Nested {what}: {nested}, which is that out of fold, as nothing was chosen; optimistic by 0.")
    if tempered:
        told.append(f"Temperature: {facts['temperature']:.3g}, by which all logits are divided.")
    return [*told, more_time(facts)]


def more_time(facts: Mapping[str, Any]) -> str:
    """What more time would bring, by what the second half of the rounds did."""
    unknown = "What more time would bring cannot be told"
    later = facts.get("later")
    if later is None:
        return f"{unknown}: there were fewer than three rounds."
    (gain, low, high), before = later, facts["half"]
    if high - low <= WIDTH * facts["nested"]:  # the same predictions, so that nothing was measured
        if default_stays(facts):
            return f"{unknown}: no choice has been better than the default recipe alone yet."
        return f"{unknown}: the second half of the rounds did not change the choice."
    share = gain / before if before > 0 else 0.0
    told = f"The second half of the rounds changed the nested {facts['loss']} by {-share:+.1%}"
    if low > 0:
        return f"{told} (clear of 0): more time is likely to bring more."
    if share < 0.002 and high < 0.01 * max(before, 1e-12):
        return f"{told}: more time would bring next to nothing."
    return f"{told}, within its interval over {_over(facts)}: whether more time would help cannot be told."


def _over(facts: Mapping[str, Any]) -> str:
    """What intervals are over."""
    return f"{facts['groups']:,} groups" if facts.get("groups") else "rows"


def _default(facts: Mapping[str, Any]) -> str:
    """The default recipe, and how much of it there was time for."""
    epochs, whole = facts["epochs"], facts["default_epochs"]
    return "the default recipe" if epochs >= whole else f"the default recipe, with {epochs} of {whole} epochs,"
