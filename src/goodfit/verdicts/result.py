"""A verdict: the evidence, in words, as JSON and as files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodfit.files import write_atomically
from goodfit.intervals import LEVEL
from goodfit.plain_json import plain
from goodfit.verdicts import words
from goodfit.verdicts.evidence import LOG_LOSS, VerdictEvidence
from goodfit.verdicts.gain_words import result
from goodfit.wiring import provided

VERDICT, ADVICE = "verdict.json", "advice.json"


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(VerdictEvidence):
    """Whether a recipe fits a data set: the evidence, and what it says."""

    @property
    def sentence(self) -> str:
        """The verdict with its evidence, in one sentence."""
        return words.sentence(self)

    @property
    def reasons(self) -> list[str]:
        """What else is known: training beside held-out rows, other probes that are better, what would settle it."""
        return words.reasons(self)

    def rows(self) -> list[dict[str, Any]]:
        """One dict a probe: what it changes, what it measured, its gain (positive is better) with the interval.

        low, high, at_most: as in `gains.Gain`; result: the status in words.
        """
        found = []
        own = self.decision.remaining[1]
        for probe, gain in zip(self.probes, self.decision.gains, strict=True):
            found.append(
                {
                    "name": probe.name,
                    "side": probe.side,
                    "change": probe.change,
                    "fields": dict(probe.fields),
                    "score": self.shown(own - gain.mean),
                    "difference": gain.mean,
                    "low": gain.low,
                    "high": gain.high,
                    "at_most": gain.at_most,
                    "status": gain.status,
                    "result": result(self, gain),
                }
            )
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit verdict --json` prints; None for what is not finite."""
        low, mean, high = self.decision.remaining
        bounds = sorted((self.shown(low), self.shown(high)))
        doubling, best = self.decision.doubling, self.decision.best
        found = {
            "kind": self.kind,
            "sentence": self.sentence,
            "reasons": self.reasons,
            "data": self.data_name,
            "measured_by": self.what,
            "higher_is_better": self.what != LOG_LOSS,
            "margin": self.decision.margin,
            "constant": self.shown(self.constant),
            "base": {
                "score": self.shown(mean),
                "low": bounds[0],
                "high": bounds[1],
                "train": self.shown(float(self.training[0].mean())),
                "epochs": self.epochs,
            },
            "probes": self.rows(),
            "doubling": None
            if doubling is None
            else {name: getattr(doubling, name) for name in ("mean", "low", "high", "status")},
            "advice": None,
            "learned": self.decision.learned,
            "rows": self.measured_rows,
            "of_rows": self.learning_rows,
            "shortened": self.shortened,
            "few": self.few,
            "out_of_time": self.out_of_time,
            "nets": self.nets,
            "folds": self.folds,
            "repeats": self.repeats,
            "seeds": self.seeds,
            "level": LEVEL,
            "simultaneous": True,
            "more": words.more(self) or None,
            "seconds": self.seconds,
            "share": self.share,
            "recipe": self.recipe.to_dict(),
        }
        if best is not None and self.best is not None and self.advice is not None:
            gain = self.decision.gains[best]
            found["advice"] = {
                "probe": self.best.name,
                "change": self.best.change,
                "gain": self.decision.claim,
                "measured": gain.mean,
                "low": gain.low,
                "high": gain.high,
                "recipe": self.advice.to_dict(),
            }
        made: dict[str, Any] = plain(found)
        return made

    def write(self, folder: str | Path) -> None:
        """Write verdict.json, and the advice as a recipe file where there is one."""
        where = Path(folder)
        write_atomically(where / VERDICT, (json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n").encode())
        if self.advice is not None:
            self.advice.to_file(where / ADVICE)
        else:
            (where / ADVICE).unlink(missing_ok=True)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = provided("show in a notebook")(self)
        return html

    def __repr__(self) -> str:
        return f"Verdict({self.data_name!r}, {self.kind})"

    def __str__(self) -> str:
        return self.sentence
