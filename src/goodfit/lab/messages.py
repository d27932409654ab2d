"""What a page may ask of the lab, declared once and checked: JSON texts with a "do". `telling.py` has the answers.

A message to the page is JSON text, or a binary frame: 4 bytes with the length of a JSON header, little-endian; the
header, filled up with spaces to a multiple of 4; then the columns that it lists, as little-endian float32.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goodfit import strict_json
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.lab.faults import add_fault
from goodfit.lab.states import MOST_EPOCHS, MOST_LETTERS, MOST_NETS, MOST_WIDTH, Epoch, Layer, WeightAct
from goodfit.training.recipe import LARGEST_SEED

WHERE = "Message"
MOST_GRID = 100  # points a side of a boundary
MOST_SETTINGS = 50  # of a search: with five folds nearly as many nets as a training may have
MOST_BYTES = MOST_LETTERS + 10_000  # of a message from the page

Branch = Literal["A", "B"]
Net = Annotated[int, Field(ge=0, lt=MOST_NETS)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Fields = dict[Annotated[str, Field(min_length=1, max_length=100)], Any]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Asked(_Message):
    """What a page asks for. id: its own number of the message, which the answer repeats as `to`."""

    id: Annotated[int, Field(ge=0, le=LARGEST_SEED)] | None = None


class AskHello(_Asked):
    """The first message. session: to go on with, None for a new one; after: the last `seq` that the page has had.

    state: of a page that was loaded anew, what its address holds, and {} where that is nothing. It gets the session of
    its tab back where that has this state open, and nobody else watches it.
    """

    do: Literal["hello"]
    session: Annotated[str, Field(max_length=100)] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    state: dict[str, Any] | None = None


class AskOpen(_Asked):
    """Train another state, from its beginning."""

    do: Literal["open"]
    state: dict[str, Any]


class AskPlay(_Asked):
    """Train on. speed: epochs a second at most; None for as fast as it goes."""

    do: Literal["play"]
    speed: Annotated[float, Field(gt=0, le=10_000)] | None = None


class AskPause(_Asked):
    """Stop at the end of the epoch."""

    do: Literal["pause"]


class AskStep(_Asked):
    """Train so many epochs, and pause."""

    do: Literal["step"]
    epochs: Annotated[int, Field(ge=1, le=MOST_EPOCHS)] = 1


class AskBatch(_Asked):
    """Show the nets after one batch more of this epoch. What trains on afterwards is the same as without."""

    do: Literal["batch"]


class AskReset(_Asked):
    """Back to the initial nets, without the changes that were made on the way."""

    do: Literal["reset"]


class AskRewind(_Asked):
    """Back to an epoch; changes after it are undone."""

    do: Literal["rewind"]
    epoch: Epoch
    branch: Branch = "A"


class AskUndo(_Asked):
    """Back to where the last change was made, without it."""

    do: Literal["undo"]
    branch: Branch = "A"


class AskChange(_Asked):
    """Train on with other fields of the recipe, from this epoch on."""

    do: Literal["change"]
    fields: Fields
    branch: Branch = "A"


class AskBranch(_Asked):
    """A second training, B, from an epoch of A (None: the present one) with other fields; both then go on."""

    do: Literal["branch"]
    fields: Fields
    epoch: Epoch | None = None


class AskDrop(_Asked):
    """Leave a branch out: with "A", B goes on in its place."""

    do: Literal["drop"]
    branch: Branch = "B"


class AskWeight(_Asked, WeightAct):
    """Set one weight (kind w: of unit i for its input j) or bias (kind b: of unit i). net: None for all nets."""

    do: Literal["weight"]
    branch: Branch = "A"

    @property
    def act(self) -> WeightAct:
        """What is done, without who asked for it."""
        return WeightAct(**{name: getattr(self, name) for name in WeightAct.model_fields})


class AskEqual(_Asked):
    """Make all units of a hidden layer equal: their weights, biases and the weights that read them to their means."""

    do: Literal["equal"]
    layer: Layer
    branch: Branch = "A"


class AskView(_Asked):
    """Which pictures the page wants. net: whose boundary; None for the mean of all nets.

    grid: points a side; thumbnails: points a side of what each hidden unit of the net `unit_net` computes. 0 for none.
    """

    do: Literal["view"]
    net: Net | None = None
    grid: Annotated[int, Field(ge=0, le=MOST_GRID)] = 40
    thumbnails: Annotated[int, Field(ge=0, le=40)] = 12
    unit_net: Net = 0


class AskExplain(_Asked):
    """One step of one net, number by number, on the first rows of the next batch."""

    do: Literal["explain"]
    net: Net = 0
    rows: Annotated[int, Field(ge=1, le=16)] = 4


class AskSay(_Asked):
    """What `goodfit inspect` finds in a net as it is."""

    do: Literal["say"]
    net: Net = 0


class AskJudge(_Asked):
    """What `goodfit verdict --quick` says of the state."""

    do: Literal["judge"]
    seconds: Seconds = 60.0
    state: dict[str, Any] | None = None


class AskClaim(_Asked):
    """Train the nets that decide a claim, and say.

    pairs: of nets; look: which look at this claim it is, with more pairs than before, from 1 on, which widens the
    interval. state: None for the one that is open.
    """

    do: Literal["claim"]
    name: Annotated[str, Field(max_length=100)]
    pairs: Annotated[int, Field(ge=4, le=128)] = 16
    look: Annotated[int, Field(ge=1, le=100)] = 1
    state: dict[str, Any] | None = None


class AskCapacity(_Asked):
    """The capacity curve of the open state: nets of these widths, trained as one population."""

    do: Literal["capacity"]
    widths: Annotated[list[Annotated[int, Field(ge=1, le=MOST_WIDTH)]], Field(min_length=1, max_length=64)]
    nets: Annotated[int, Field(ge=1, le=MOST_NETS)] = 8
    state: dict[str, Any] | None = None


class AskFolds(_Asked):
    """The state's recipe with so many folds, a net for each."""

    do: Literal["folds"]
    k: Annotated[int, Field(ge=2, le=20)]
    state: dict[str, Any] | None = None


class AskRace(_Asked):
    """Optimisers from one start. runners: "sgd 0.1, adam 0.01", at most four; nets: of each."""

    do: Literal["race"]
    runners: Annotated[str, Field(max_length=200)]
    nets: Annotated[int, Field(ge=1, le=MOST_NETS // 4)] = 4
    state: dict[str, Any] | None = None


class AskSearch(_Asked):
    """A search by halving. space: "l2=1e-5..1e-2:log; hidden=8,16x16", as `--vary` has it; settings: that are tried."""

    do: Literal["search"]
    space: Annotated[str, Field(max_length=2000)]
    settings: Annotated[int, Field(ge=3, le=MOST_SETTINGS)] = 27
    state: dict[str, Any] | None = None


class AskSeal(_Asked):
    """How often the sealed test set of these data was opened."""

    do: Literal["seal"]


class AskUnseal(_Asked):
    """Score the nets on the test set, once more, and record it in the ledger."""

    do: Literal["unseal"]


class AskAnswer(_Asked):
    """Run a lesson, and score what was predicted before.

    state: with what was changed, None for the lesson's own; name, note: whatever the learner writes.
    """

    do: Literal["answer"]
    lesson: Annotated[str, Field(max_length=100)]
    prediction: Annotated[str, Field(max_length=100)] | Annotated[float, Field(ge=-1e12, le=1e12)]
    state: dict[str, Any] | None = None
    name: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=2000)] = ""


class AskExport(_Asked):
    """A state as something to take away. state: None for the one that is open.

    kind: of a replay, only whether there can be one; `AskReplay` makes it
    """

    do: Literal["export"]
    kind: Literal["command", "python", "notebook", "recipe", "replay"]
    state: dict[str, Any] | None = None


class AskReplay(_Asked):
    """A recorded training as one HTML file. state: None for the one that is open."""

    do: Literal["replay"]
    language: Literal["en", "zh"] = "en"
    state: dict[str, Any] | None = None


class AskStudy(_Asked):
    """Run a study of the chapter. parameters: name -> value, of those that are not the study's defaults."""

    do: Literal["study"]
    name: Annotated[str, Field(max_length=100)]
    parameters: Fields
    language: Literal["en", "zh"] = "en"


class AskStop(_Asked):
    """End a claim, a verdict or another job beside the training."""

    do: Literal["stop"]


ASKED = {
    declared.model_fields["do"].annotation.__args__[0]: declared  # type: ignore[union-attr]
    for declared in (
        AskHello,
        AskOpen,
        AskPlay,
        AskPause,
        AskStep,
        AskBatch,
        AskReset,
        AskRewind,
        AskUndo,
        AskChange,
        AskBranch,
        AskDrop,
        AskWeight,
        AskEqual,
        AskView,
        AskExplain,
        AskSay,
        AskJudge,
        AskClaim,
        AskCapacity,
        AskFolds,
        AskRace,
        AskSearch,
        AskSeal,
        AskUnseal,
        AskAnswer,
        AskExport,
        AskReplay,
        AskStudy,
        AskStop,
    )
}
"""What "do" says -> its declaration."""

Asked = _Asked
JOBS = ("claim", "judge", "capacity", "folds", "race", "search", "answer", "replay", "study")
"""What is done beside the training, in another process."""
TITLES = {
    "capacity": "Capacity",
    "folds": "Folds",
    "race": "Race",
    "search": "Search",
    "weight": "Weight",
    "answer": "Answer",
}
"""What the page calls some of these."""


def read_asked(text: str | bytes) -> _Asked:
    """A message of a page; InputError, in the grammar, for whatever else it may be."""
    if isinstance(text, bytes):
        raise InputError(problem(WHERE, "must be JSON text", got=f"{len(text):,} bytes"))
    if len(text) > MOST_BYTES:
        raise InputError(problem(WHERE, f"must have at most {MOST_BYTES:,} letters", got=len(text)))
    try:
        value = strict_json.parse(text)
    except ValueError as error:
        raise InputError(problem(WHERE, f"must be JSON: {error}")) from error
    if not isinstance(value, dict) or not isinstance(value.get("do"), str):
        raise InputError(problem(WHERE, "must be an object with a 'do'", got=value))
    declared = ASKED.get(value["do"])
    if declared is None:
        raise InputError(problem(WHERE, "'do' must be known", got=value["do"], fix=nearest(value["do"], ASKED)))
    try:
        return declared.model_validate(value, strict=True)
    except ValidationError as error:
        raise _refused(value["do"], declared, error) from error


def _refused(name: str, declared: type[BaseModel], error: ValidationError) -> InputError:
    problems = Problems()
    for each in error.errors(include_url=False):
        add_fault(problems, TITLES.get(name, WHERE), declared, each, name)
    return InputError(*problems.found)
