"""What a model card says against its model: where it was not trained, and what its figures do not cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from goodfit.data.robust import CLIP
from goodfit.reports.numbers import counted
from goodfit.runs.chosen import choice_notes
from goodfit.runs.run import PART_WORDS

OF_FOLD_MEMBERS = (
    "Out of fold, each row was predicted by the nets that did not learn from it; the training score is of the mean of "
    "those that did. For new rows the model predicts with the average of all, which only test rows score."
)


def limits(facts: Mapping[str, Any]) -> list[str]:
    """Sentences on where the model and its scores end. facts: as `card_facts` gives them."""
    return [*_of_rows(facts), *_of_start(facts), *_of_columns(facts), *_of_scores(facts), *_of_nets(facts)]


def unknown(facts: Mapping[str, Any]) -> list[str]:
    """What a card should say and no file tells."""
    found = [
        "The intended use of the predictions, and uses that are out of scope.",
        "How the data were collected, who is in them and who is not, and under which licence or consent.",
        "How the scores differ between subgroups, such as sex, age or region.",
    ]
    if facts["data"]["description"] is not None:
        found.pop(1)
    tempered = facts["temperature"] is not None or (facts["ensemble"] or {}).get("temperature", 1) != 1
    if facts["task"] != "regression" and not tempered:
        found.append(
            "Whether the probabilities are calibrated: a run does not record it; 'goodfit calibrate' measures it."
        )
    return found


def _of_rows(facts: Mapping[str, Any]) -> Iterator[str]:
    rows = facts["data"]["rows"]
    yield f"Trained on {counted(rows['train'], 'row')}. The scores apply to rows from the same distribution only."
    if not rows["valid"] and not facts["out_of_fold"]:
        yield "There was no validation set, so performance on unseen data was not measured."
    divided = facts["data"]["split"]["by"] or {}
    if "group" in divided:
        yield f"No value of {divided['group']!r} is in two sets. The intervals still take rows as independent."
    if "time" in divided:
        yield f"The sets are ordered by {divided['time']!r}; data of a later time may differ more."


def _of_start(facts: Mapping[str, Any]) -> Iterator[str]:
    """What a run that went on from trained nets cannot say of itself."""
    start = facts["start"]
    if start is None:
        return
    yield "The nets went on from trained ones, so they were also shaped by the training data of these."
    if start["seen"] is None:
        yield "It is not known whether the nets that it went on from were trained on its held-out rows."
        return
    for part, count in start["seen"].items():
        if count:
            of = counted(facts["data"]["rows"][part], "row")
            yield (
                f"Of the {PART_WORDS[part]} set, the nets that it went on from knew {count:,} of {of}: these are not "
                "held out, so a score on it is optimistic."
            )


def _of_columns(facts: Mapping[str, Any]) -> Iterator[str]:
    columns = facts["columns"]
    if columns is None:
        yield "The ranges of the inputs are not recorded. Outside those of the training set, the net extrapolates."
        return
    kinds = {each["kind"] for each in columns}
    if kinds & {"numeric", "date"}:
        yield (
            "Minimum and maximum of the columns are not recorded, only medians and spreads. Numbers are clipped "
            f"smoothly to {CLIP:g} spreads from the median, so outliers hardly change a prediction; it is an "
            "extrapolation all the same."
        )
    if "categorical" in kinds:
        yield "An unseen category is predicted from the other columns, with a note."
    never = sum(not each["missing_in_training"] for each in columns)
    if never:
        if never == len(columns):
            yield "No column had missing values in training; they are imputed, with a note."
        else:
            some = f"{never:,} of {counted(len(columns), 'column')}"
            yield f"{some} had no missing values in training; there they are imputed, with a note."


def _of_scores(facts: Mapping[str, Any]) -> Iterator[str]:
    if not facts["scores"]:
        return
    yield (
        "The intervals cover sampling error only, and take rows as independent. They do not cover other seeds, another "
        "training set, distribution shift (another time or place), or wrong labels."
    )
    recipe = facts["recipe"]["fields"]
    if "valid" in facts["scores"] and recipe.get("keep_best"):
        rows = "Each fold" if facts["out_of_fold"] else "The validation set"
        yield f"{rows} was used to choose the epoch, so its score is slightly optimistic."
    ensemble = facts["ensemble"]
    if ensemble is not None:
        yield from choice_notes(ensemble, None)
    elif "valid" in facts["scores"]:
        yield "If hyperparameters were chosen by the validation score, it is more optimistic; the files do not tell."
    scored = any(line["score"] is not None for line in facts["test"]["openings"])
    if facts["test"]["rows"] and not scored:
        yield "The test set is sealed: no score here is of rows that training and model selection never used."
    if scored:
        yield "Openings of the test set are those in this project's ledger; others are not known here."


def _of_nets(facts: Mapping[str, Any]) -> Iterator[str]:
    model = facts["model"]
    if model["nets"] == 1:
        yield "One seed was trained, so the variation over seeds is not known."
    elif facts["out_of_fold"]:
        yield OF_FOLD_MEMBERS
    else:
        yield "The scores are of single nets. The model predicts with their average, which was not scored."
    if model["diverged"]:
        count = len(model["diverged"])
        told = f"{count} of {counted(model['nets'], 'net')} diverged"
        if count == model["nets"]:
            yield f"{told}: the model predicts with their last finite weights all the same."
            return
        kept = "It keeps its" if count == 1 else "They keep their"
        yield f"{told}. {kept} last finite weights: left out of the scores and of the average that predicts."
