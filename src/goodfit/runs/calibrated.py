"""What a look at a classifier's probabilities found: in numbers, in sentences, as a figure, and as a mended model."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from goodfit.errors import InputError, nearest, problem
from goodfit.files import write_atomically
from goodfit.intervals import LEVEL
from goodfit.models.calibration import (
    FEWEST_BINNED,
    NOTICEABLE,
    TOP,
    ProbabilityScore,
    Reliability,
)
from goodfit.models.model_file import Model
from goodfit.models.temperature import Temperature
from goodfit.runs.run import rows_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHERE = "calibration"
TESTED = 1 - LEVEL
ONE_SIDED = 0.8  # share of a calibration error from which on it is told by its direction
NO_DIAGRAM = f"No reliability diagram was written: it takes {FEWEST_BINNED} rows."
AGAIN = "Call goodfit.calibration again."
MEMBERS = "No temperature was fitted: the nets' members share weights, and the mean of their probabilities takes none."
PICTURES = ".svg", ".png"


@dataclass(frozen=True)
class Calibration:
    """What `calibration` found.

    name: of what was looked at
    task: "classification" or "multilabel"
    nets: how many predict together
    part: "valid" for the run's validation rows, "new" for others, which were opened through the ledger
    rows: how many
    level: of every interval
    scores: accuracy, log loss, Brier score, confidence, of the mean probabilities of all nets
    reliability: of the predicted class, then of every class where these were asked for; of every label for labels;
    empty with fewer than 40 rows
    temperature: fitted on these rows, and its cross-fitted gain; None where it was not asked for
    openings: numbers of the lines in the ledger, () for validation rows
    notes: what to know
    """

    name: str
    task: str
    nets: int
    part: Literal["valid", "new"]
    rows: int
    level: float
    scores: tuple[ProbabilityScore, ...]
    reliability: tuple[Reliability, ...]
    temperature: Temperature | None
    openings: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    out_of_fold: bool = False
    """Whether "valid" are the training rows, each predicted by the nets that did not learn from it."""
    before: Model | None = field(default=None, repr=False, compare=False)
    """The model as it was looked at."""

    @property
    def rows_text(self) -> str:
        """360 validation rows; 360 rows, out of fold."""
        return rows_words(self.rows, self.part, out_of_fold=self.out_of_fold)

    @property
    def miscalibrated(self) -> tuple[Reliability, ...]:
        """Those whose calibration error is larger than chance explains, at 5 % for all together.

        The predicted class gets half of that where every class is looked at as well, and the classes share the rest.
        """
        top = 1 if self.task == "classification" else 0  # the predicted class stands first
        kinds = [kind for kind in (self.reliability[:top], self.reliability[top:]) if kind]
        return tuple(each for kind in kinds for each in kind if each.chance * len(kind) * len(kinds) <= TESTED)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the probabilities are worth, and what to do about the temperature."""
        return (_calibrated(self), *([] if self.temperature is None else [self.temperature.sentence]))

    def model(self, temperature: float | None = None) -> Model:
        """The model with its logits divided by a temperature, that found here if None; see `Model.tempered`.

        What the temperature was fitted on stands in its `about`. InputError for a temperature that is not > 0.
        """
        if self.before is None:
            raise InputError(problem(WHERE, "the model is not known any more", fix=AGAIN))
        if temperature is not None:
            return self.before.tempered(temperature)
        found = self.temperature
        if found is None and any(net.members is not None for net in self.before.nets):
            fix = "Train with members 1, or several seeds."
            raise InputError(problem(WHERE, "nets of one member alone have a temperature", fix=f"{MEMBERS} {fix}"))
        if found is None:
            raise InputError(problem(WHERE, "no temperature was asked for", fix=AGAIN))
        made = self.before.tempered(found.value)
        gain = found.gains[0].to_dict() if found.gains else None
        told = {"on": self.rows_text, "of": self.name, "gain": gain}
        return replace(made, about={**made.about, "calibration": told})

    @property
    def doubt(self) -> str:
        """Why the model with this temperature is not to be saved, as an error says it; "" where it is advised."""
        found = self.temperature
        if found is None or found.helps:
            return ""
        fix = f"{found.sentence} To save it nevertheless: --save-anyway, or save(path, anyway=True)."
        return problem(WHERE, "only a temperature that is advised is saved", got=float(f"{found.value:.3g}"), fix=fix)

    def save(self, path: str | os.PathLike[str], *, anyway: bool = False) -> Model:
        """Write the model with the temperature found here to a model file; it is returned as well.

        path: of the model file
        anyway: whether to write it with a temperature that is not advised too; otherwise this is an InputError.
        """
        made = self.model()
        if self.doubt and not anyway:
            raise InputError(self.doubt)
        made.save(path)
        return made

    def figure(self, of: str | None = None, *, title: str | None = None, width: float = 6.4) -> Figure:
        """The reliability diagram, with the band in which true probabilities stay.

        of: "predicted class" or the name of a class or label that `reliability` has; None the one furthest beyond
        chance, the predicted class where there is one.
        title: None for the usual one.
        width: in inches, default 6.4.
        InputError where there are too few rows.
        """
        from goodfit.figures import reliability_diagram

        shown = self.shown(of)
        columns = [[getattr(each, name) for each in shown.bins] for name in ("predicted", "observed", "low", "high")]
        return reliability_diagram(
            *columns, of=shown.of, title=self.heading(of) if title is None else title, width=width
        )

    def heading(self, of: str | None = None) -> str:
        """What the diagram shows."""
        shown = self.shown(of)
        return f"Reliability of {'the ' * (shown.of == TOP)}{shown.of}"

    def shown(self, of: str | None = None) -> Reliability:
        """The reliability that `figure` draws."""
        if not self.reliability:
            rule = f"a reliability diagram takes {FEWEST_BINNED} rows or more"
            raise InputError(problem(WHERE, rule, got=self.rows))
        names = [each.of for each in self.reliability]
        if of is not None and of not in names:
            raise InputError(problem(WHERE, "'of' must be in 'reliability'", got=of, fix=nearest(of, names)))
        if of is None and self.task == "multilabel":
            return min(self.reliability, key=lambda each: (each.chance, -each.error))
        return self.reliability[0 if of is None else names.index(of)]

    def write(
        self, out: str | Path | None = None, save: str | Path | None = None, *, anyway: bool = False
    ) -> dict[str, Path]:
        """What `goodfit calibrate` writes, by what it is.

        out: a file for the diagram (.svg, .png), or a folder for it and for the numbers; with too few rows there is no
        diagram, and the rest is written.
        save: a model file for the model with the temperature; it is not written where that is not advised, unless
        `anyway`.
        anyway: as in `save`
        """
        from goodfit.figures import write_figure

        made: dict[str, Path] = {}
        out = None if out is None else Path(out)
        if out is not None and self.reliability:
            made["Reliability diagram"] = out if is_picture(out) else out / "reliability.svg"
        if out is not None and not is_picture(out):
            made["Numbers"] = out / "calibration.json"
            text = json.dumps(self.to_json(), indent=2, ensure_ascii=False)
            write_atomically(made["Numbers"], f"{text}\n".encode())
        if "Reliability diagram" in made:
            write_figure(self.figure(), made["Reliability diagram"])
        if save is not None and (anyway or not self.doubt):
            self.save(save, anyway=anyway)
            made["Model"] = Path(save)
        return made

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit calibrate --json` prints, as JSON has it."""
        return {
            "name": self.name,
            "task": self.task,
            "nets": self.nets,
            "part": self.part,
            "rows": self.rows,
            "level": self.level,
            "scores": [each.to_dict() for each in self.scores],
            "reliability": [each.to_dict() for each in self.reliability],
            "temperature": None if self.temperature is None else self.temperature.to_dict(),
            "sentences": list(self.sentences),
            "openings": list(self.openings),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def is_picture(out: Path) -> bool:
    """Whether that is the name of a picture, not of a folder; InputError for the name of another kind of file."""
    suffix = out.suffix.lower()
    if suffix and suffix not in PICTURES and not os.path.isdir(out):
        rule = "must be a folder, or a figure whose name ends in .svg or .png"
        raise InputError(problem(str(out), rule, got=out.suffix))
    return suffix in PICTURES


def _calibrated(found: Calibration) -> str:
    if not found.reliability:
        return f"Calibration cannot be judged on {found.rows_text}: it takes {FEWEST_BINNED}."
    wrong = found.miscalibrated
    shown = found.shown()
    if not wrong:
        limits = f"a perfectly calibrated model would show {shown.by_chance:.3f} on average and up to {shown.limit:.3f}"
        needed = f"an error of {NOTICEABLE:g} takes about {shown.needed():,} rows to tell from chance"
        told = f"a calibration error of {shown.error:.3f} is within chance on {found.rows_text} ({limits})"
        return f"No miscalibration is shown: {told}; {needed}."
    if shown not in wrong:
        shown = min(wrong, key=lambda each: each.chance)
    top = found.task == "classification" and shown is found.reliability[0]
    whose = "" if top else f" of {shown.of!r}"
    chance = f"a perfectly calibrated model would show {shown.by_chance:.3f}, p = {shown.chance:.3g}"
    told = f"a calibration error{whose} of {shown.error:.3f} on {found.rows_text} is more than chance ({chance})"
    sides = ("Overconfident", shown.lean), ("Underconfident", -shown.lean)
    side = next((word for word, lean in sides if lean >= ONE_SIDED * shown.error), "Miscalibrated")
    return f"{side}: {told}."
