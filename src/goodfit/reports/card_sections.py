"""A model card as sections: what the model is for, its scores and how they were measured, and its limits."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from goodfit.data.tables.targets import target_names
from goodfit.ensembles.telling import MEMBER_COLUMNS, member_rows, title_of
from goodfit.models.measures import Measures
from goodfit.models.scores import Score
from goodfit.reports.blocks import Block, Bullets, Code, Facts, Grid, Note, Paragraph
from goodfit.reports.card_limits import limits, unknown
from goodfit.reports.card_use import use_section
from goodfit.reports.markup import Inline, Mono, joined
from goodfit.reports.measures import headline_blocks
from goodfit.reports.numbers import NONE, between, brief, counted, encoded_text, number
from goodfit.reports.page import Section
from goodfit.reports.verdict import NOT_OF_STARTED
from goodfit.runs.opening import ordinal, percent
from goodfit.runs.run import PART_WORDS, part_words
from goodfit.runs.telling import interval, score_lines, score_table
from goodfit.training.named_recipes import DEFAULT
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text

SHOWN_COLUMNS = 40
SHOWN_CATEGORIES = 6
LONGEST = 60  # letters of a name
UNKNOWN = "unknown"
SPREAD = "Spread: the interquartile range, or half of the range where that is 0."


def card_sections(facts: Mapping[str, Any]) -> list[Section]:
    """The sections of a card. facts: as `card_facts` gives them."""
    return [
        Section("Use", list(_use(facts))),
        Section("Inputs", list(_inputs(facts))),
        Section("Training data", list(_data(facts))),
        Section("Scores", list(_scores(facts))),
        Section("Verdict", list(_verdict(facts))),
        Section(
            "Limits",
            [Bullets(limits(facts)), Paragraph("Not recorded, and to be added by hand:"), Bullets(unknown(facts))],
        ),
        Section("Training", list(_training(facts))),
        use_section(facts),
    ]


def brief_name(name: str) -> str:
    """A name, cut where it is very long."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _use(facts: Mapping[str, Any]) -> Iterator[Block]:
    classes, model = facts["classes"], facts["model"]
    shown = [(counted(len(classes), "class", "classes"), joined([*map(brief_name, classes)]))] if classes else []
    targets = target_names(facts["target"]) if facts["target"] else ()
    word = "Target" if len(targets) == 1 else "Targets"
    target = [(word, Mono(", ".join(map(brief_name, targets))))] if targets else []
    file = model["file"]
    where: Inline = "not written to a file" if file is None else Mono(file["path"])
    yield Facts(
        [
            ("Task", facts["task"]),
            *target,
            *shown,
            ("Predicts with", _predicting(facts, model["nets"] - len(model["diverged"]) or model["nets"])),
            ("Model file", where),
            *([] if file is None else [("SHA-256 of the file", Mono(file["sha256"]))]),
            ("Fingerprint of the nets", Mono(model["fingerprint"])),
        ]
    )


def _predicting(facts: Mapping[str, Any], nets: int) -> str:
    """What predicts, in words. nets: how many do."""
    ensemble = facts["ensemble"]
    if ensemble is None:
        return f"the average of {nets} nets" if nets > 1 else "one net"
    settings, temperature = len(ensemble["members"]), ensemble["temperature"]
    average = "a weighted average" if settings > 1 else "the average"
    told = f"{average} of {counted(nets, 'net')} of {counted(settings, 'setting')}"
    return told if temperature == 1 else f"{told}, at a temperature of {brief(temperature)}"


def _inputs(facts: Mapping[str, Any]) -> Iterator[Block]:
    columns, width = facts["columns"], facts["model"]["sizes"][0]
    if columns is None:
        yield Paragraph(f"Arrays of {width:,} numbers a row, in the unit of the training data, without missing values.")
        return
    told = encoded_text(width, facts["model"]["first_inputs"]) or f"{width:,} inputs of the net"
    yield Paragraph(f"{counted(len(columns), 'column')} of a table, which become {told}.")
    rows = [
        (
            Mono(brief_name(each["name"])),
            each["kind"],
            _typical(each),
            "yes" if each["missing_in_training"] else "no",
            f"{each['inputs']:,}",
        )
        for each in columns[:SHOWN_COLUMNS]
    ]
    rest = len(columns) - len(rows)
    more = f" {counted(rest, 'more column')} not shown; 'goodfit card --json' has all." if rest else ""
    note = f"{SPREAD}{more}"
    heads = ("column", "kind", "in the training set", "missing values", "inputs")
    yield Grid("Columns", heads, rows, left=4, note=note)
    targets = target_names(facts["target"]) if facts["target"] else ()
    unused = [brief_name(name) for name in facts["ignored"] or () if name not in targets]
    if unused:
        yield Paragraph(f"Columns of the training table that are not used: {joined(unused)}.")


def _typical(column: Mapping[str, Any]) -> str:
    """What the preprocessing keeps of a column: the middle and the spread, or the categories."""
    typical, known = column["typical"], column["categories"]
    if known is not None:
        shown = joined([*map(brief_name, known)], SHOWN_CATEGORIES) if known else "none with an input of its own"
        return f"{shown}; others share inputs" if column["shared_inputs"] else shown
    if typical is None:
        return UNKNOWN
    if column["kind"] == "boolean":
        return "mostly yes" if typical else "mostly no"
    if column["spread"] is None:
        return f"median {typical}"
    return f"median {typical}, spread {brief(column['spread'])}" if column["spread"] else f"always {typical}"


def _data(facts: Mapping[str, Any]) -> Iterator[Block]:
    data = facts["data"]
    about = [("Description", data["description"]), ("Source", data["source"])]
    by = [(f"Split by {how}", Mono(brief_name(name))) for how, name in (data["split"]["by"] or {}).items()]
    yield Facts(
        [
            ("Data", brief_name(data["name"])),
            *((name, text) for name, text in about if text),
            *([("File", Mono(data["file"]))] if data["file"] else []),
            ("Fingerprint of the rows", Mono(data["fingerprint"]) if data["fingerprint"] else UNKNOWN),
            *by,
            ("Seed of the split", str(data["split"]["seed"])),
            ("Fingerprint of the split", Mono(data["split"]["fingerprint"])),
        ]
    )
    left_out = {"valid"} if facts["out_of_fold"] else set()  # they are the training rows, fold by fold
    rows = [(PART_WORDS[part], f"{size:,}") for part, size in data["rows"].items() if part not in left_out]
    yield Grid("Rows of each set", ("set", "rows"), rows)
    if facts["start"] is not None:
        yield Paragraph(facts["start"]["told"])
    leaks = facts["leaks"]
    yield Paragraph("Leakage between the sets was not checked." if leaks is None else leaks["found"])
    if leaks is not None and leaks["findings"]:
        yield Bullets(leaks["findings"])


OUT_OF_FOLD = (
    "The nets predict together. Each left out a fold: out of fold, each row is predicted by the nets that did not "
    "learn from it."
)


def _scores(facts: Mapping[str, Any]) -> Iterator[Block]:
    scores = {part: Score.from_dict(fields) for part, fields in facts["scores"].items()}
    several = facts["model"]["nets"] > 1
    note = "Mean over the nets, each scored alone; std: their standard deviation." if several else ""
    note = OUT_OF_FOLD if facts["out_of_fold"] else note
    yield Grid("Scores of the kept weights", *score_table(scores, part_words(facts["out_of_fold"])), left=2, note=note)
    if facts["refit"] is not None:
        yield Note(facts["refit"]["note"].removeprefix("Refit: "), "Refit.")
    for part, own in facts["measures"].items():
        yield from headline_blocks(Measures.from_dict(own), facts["measured_on"][part])
    loss = facts["validation_loss"]
    if loss is not None and not facts["out_of_fold"]:  # of each net on its own fold, not of their predictions together
        yield Paragraph(f"Validation loss ({loss['loss']}): {brief(loss['value'])}, without an interval.")
    yield from _choice(facts)
    temperature = facts["temperature"]
    if temperature is not None:
        rows = temperature["fitted_on"]
        fitted = "" if rows is None else f", fitted on {brief_name(rows)}"
        yield Paragraph(f"Calibrated after training by a temperature of {brief(temperature['value'])}{fitted}.")
    yield from _test(facts["test"])


def _choice(facts: Mapping[str, Any]) -> Iterator[Block]:
    """How the members of a fit were chosen, what that is worth, and how much each counts; nothing of another run."""
    ensemble = facts["ensemble"]
    if ensemble is not None:
        yield from map(Paragraph, ensemble["sentences"])
        yield Grid(title_of(ensemble), MEMBER_COLUMNS, [[*row] for row in member_rows(ensemble)], left=1)


def _test(test: Mapping[str, Any]) -> Iterator[Block]:
    if test["every_epoch"]:
        yield Note("The test set was scored in every epoch, so that it is a second validation set.")
    lines = [line for line in test["openings"] if line["score"] is not None]
    if lines:
        yield _openings("Test set", lines)
    else:
        sealed = f"The test set of {counted(test['rows'], 'row')} has not been opened by these nets."
        yield Paragraph(sealed if test["rows"] else "There is no test set.")
    others = [line for line in test["other_rows"] if line["score"] is not None]
    if others:
        yield _openings("Other rows", others)


def _openings(title: str, lines: Iterable[Mapping[str, Any]]) -> Grid:
    """Lines of the ledger that have a score, and what each opening cost."""
    rows = []
    for line in lines:
        score = Score.from_dict(line["score"])
        nth = f"{ordinal(line['nth'])} of {line['of']}"
        for name, value, bounds, count, _ in score_lines(score):
            rows.append(
                (brief_name(line["data"]), line["time"][:10], nth, name, value, bounds, percent(score.level), count)
            )
    heads = ("data", "opened", "opening", "score", "value", "interval", "level", "rows")
    note = "Each interval is the current one, widened for every opening of these rows in the ledger of this project."
    return Grid(title, heads, rows, left=4, note=note)


def _verdict(facts: Mapping[str, Any]) -> Iterator[Block]:
    found = facts["verdict"]
    if found is None and facts["start"] is not None:
        yield Paragraph(NOT_OF_STARTED)
        return
    if found is None:
        yield Paragraph("No verdict was made: whether the recipe underfits or overfits was not measured.")
        if facts["folder"]:
            command = shlex.join(["goodfit", "verdict", facts["folder"]])
            yield Code(command, "Command that measures a verdict", "sh")
        return
    yield Paragraph(found["sentence"], lead=True)
    if found["reasons"]:
        yield Bullets(found["reasons"])
    base = found["base"]
    if base["score"] is not None:
        held = between(base["low"], base["high"])
        text = f"{number(base['score'])}" + ("" if held == NONE else f", interval {held}")
        yield Facts([(f"The recipe's own {found['measured_by']}, over folds", text)])
    if found["advice"] is not None:
        advice = found["advice"]
        yield Paragraph(f"Advice: {': '.join(filter(None, (advice['probe'], advice['change'])))}.")


def _training(facts: Mapping[str, Any]) -> Iterator[Block]:
    model, trained = facts["model"], facts["trained"]
    epochs = sorted(set(model["kept_epochs"]))
    encoded = encoded_text(model["sizes"][0], model["first_inputs"])
    span = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    yield Facts(
        [
            ("Net", " – ".join(f"{size:,}" for size in model["sizes"])),
            *([("Inputs of a net", encoded)] if encoded else []),
            *([("Predictions", "within the range of the training targets")] if model["clipped"] else []),
            ("Activations", ", ".join(dict.fromkeys(model["activations"])) or "no hidden layer"),
            ("Parameters of a net", f"{model['parameters']:,}"),
            ("Seeds", joined([str(seed) for seed in model["seeds"]])),
            ("Epoch of the kept weights", span),
            ("Begun", trained["began"] or UNKNOWN),
            ("Versions", ", ".join(f"{name} {text}" for name, text in trained["versions"].items())),
        ]
    )
    recipe = Recipe.from_mapping(facts["recipe"]["fields"])
    rows = [
        (Mono(name), to_text(getattr(recipe, name)), to_text(getattr(DEFAULT, name)))
        for name in Recipe.fields()
        if name in facts["recipe"]["differs"]
    ]
    of = "recipe" if facts["ensemble"] is None else "recipe of the member that counts most"
    if rows:
        yield Grid(f"Fields of the {of} that differ from the default", ("field", "value", "default"), rows, left=3)
    else:
        yield Paragraph("The default recipe, unchanged.")


def glance_of(facts: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value and detail of what to know first: the scores, the newest on test rows, and the verdict."""
    newest = next((line for line in reversed(facts["test"]["openings"]) if line["score"] is not None), None)
    words = part_words(facts["out_of_fold"])
    scores = [(f"{words[part]} ", fields) for part, fields in facts["scores"].items()]
    scores += [("test ", newest["score"])] if newest is not None else []
    found = []
    for what, fields in reversed(scores):
        score = Score.from_dict(fields)
        detail = f"{percent(score.level)} interval {interval(score)}"
        name = f"{what}{score.name}"
        found.append((name[0].upper() + name[1:], number(score.value), detail))
    verdict = facts["verdict"]
    return [
        *found,
        ("Verdict", NONE if verdict is None else verdict["kind"], "not measured" if verdict is None else ""),
    ]
