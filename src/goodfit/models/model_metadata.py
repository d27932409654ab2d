"""The JSON of a model file, checked entry by entry: a stranger may have written it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from goodfit.data.dataset import Task
from goodfit.errors import Problems
from goodfit.models.trained_net import MOST_COUNT, Link
from goodfit.nets.member_parts import FORMS

if TYPE_CHECKING:
    from goodfit.data.tables.preprocessing import Preprocessing

TASKS, LINKS = get_args(Task), get_args(Link)
PLAIN_FORMAT = 2  # of files without transforms and encodings, which older versions of goodfit can read
TRANSFORM_FORMAT = 3  # the first that has target transforms
ENCODING_FORMAT = 4  # the first that has encoded inputs
COUNT_FORMAT = 5  # the first that has nets which count more than once
TARGETS_FORMAT = 6  # the first that has names of several targets, quantiles, and mixtures of activations
PERIODIC_FORMAT = 7  # the first that has periodic encodings
MEMBERS_FORMAT = 8  # the first that has nets whose members share weights
MOST_COLUMNS = 2**31  # a number of a column is below
_LATER = {
    "target_transform": TRANSFORM_FORMAT,
    "encoded": ENCODING_FORMAT,
    "count": COUNT_FORMAT,
    "targets": TARGETS_FORMAT,
    "levels": TARGETS_FORMAT,
    "mixed": TARGETS_FORMAT,
    "periodic": PERIODIC_FORMAT,
    "members": MEMBERS_FORMAT,
}  # entry of a net -> the first with it
FIRST_FORMAT = {"link": "identity", "preprocessing": None, "data": None}  # what format 1 does not say


@dataclass(frozen=True)
class NetEntry:
    """What the JSON says of one net.

    activations: names, one a hidden layer
    target_transform: names, one an output; () where targets are not transformed
    encoded: numbers of the inputs that are encoded; () where none is
    count: how many times it counts where nets predict together
    targets: names of several targets, one an output; () where they have none
    levels: of quantiles; () where the net gives none
    mixed: whether it has mixtures of activations
    periodic: whether the encoding of inputs is a periodic one
    members: the parts that members which share the weights have of their own; () of one member
    """

    activations: tuple[str, ...]
    seed: int
    target_transform: tuple[str, ...] = ()
    encoded: tuple[int, ...] = ()
    count: int = 1
    targets: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    mixed: bool = False
    periodic: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """All that the JSON says; the names are those of its entries."""

    goodfit: str
    task: Task
    link: Link
    classes: tuple[str, ...]
    nets: tuple[NetEntry, ...]
    about: dict[str, Any]
    preprocessing: Preprocessing | None
    data: dict[str, Any] | None


def read_metadata(given: Mapping[str, Any], where: str, version: int) -> Metadata:
    """The metadata of a model file of that version of the format; one InputError names all that is wrong with them."""
    found = {**FIRST_FORMAT, **given} if version == 1 else dict(given)
    problems = Problems()
    wrong = sorted(found.keys() ^ _RULES.keys())
    if wrong:
        rule = f"metadata must have the entries {', '.join(_RULES)} and no others"
        problems.add(where, rule, got=wrong)
    for name, (holds, rule) in _RULES.items():
        if name in found and not holds(found[name]):
            problems.add(where, f"{name!r} must be {rule}", got=found[name])
    problems.raise_if_any()
    for name, first in _LATER.items():
        if version < first and any(name in net for net in found["nets"]):
            problems.add(where, f"{name!r} is for files of format {first} or later", got=version)
    problems.raise_if_any()
    return Metadata(
        goodfit=found["goodfit"],
        task=found["task"],
        link=found["link"],
        classes=tuple(found["classes"]),
        nets=tuple(
            NetEntry(
                tuple(net["activations"]),
                net["seed"],
                tuple(net.get("target_transform", ())),
                tuple(net.get("encoded", ())),
                net.get("count", 1),
                tuple(net.get("targets", ())),
                tuple(net.get("levels", ())),
                net.get("mixed", False),
                net.get("periodic", False),
                tuple(net.get("members", ())),
            )
            for net in found["nets"]
        ),
        about=found["about"],
        preprocessing=_preprocessing(found["preprocessing"], where),
        data=found["data"],
    )


def _preprocessing(given: dict[str, Any] | None, where: str) -> Preprocessing | None:
    if given is None:
        return None
    from goodfit.data.tables.preprocessing import Preprocessing

    return Preprocessing.from_json(given, where=where)


def _is_text(given: Any) -> bool:
    return isinstance(given, str)


def _is_count(given: Any) -> bool:
    return type(given) is int and given >= 0


def _are_texts(given: Any) -> bool:
    return isinstance(given, list) and all(map(_is_text, given))


def _is_object(given: Any) -> bool:
    return isinstance(given, dict)


def _are_nets(given: Any) -> bool:
    return isinstance(given, list) and len(given) > 0 and all(map(_is_net, given))


def _is_net(given: Any) -> bool:
    right = isinstance(given, dict) and given.keys() - _LATER.keys() == {"activations", "seed"}
    transform = given.get("target_transform", ["none"]) if right else []
    encoded = given.get("encoded", [0]) if right else []
    targets = given.get("targets", ["", ""]) if right else []
    levels = given.get("levels", [0.5]) if right else []
    return (
        right
        and _are_texts(given["activations"])
        and _is_count(given["seed"])
        and _are_texts(transform)
        and bool(transform)
        and isinstance(encoded, list)
        and all(_is_count(column) and column < MOST_COLUMNS for column in encoded)
        and bool(encoded)
        and type(count := given.get("count", 1)) is int
        and 1 <= count <= MOST_COUNT
        and _are_texts(targets)
        and len(targets) > 1
        and isinstance(levels, list)
        and bool(levels)
        and all(type(level) is float for level in levels)
        and given.get("mixed", True) is True
        and (given.get("periodic") is True and "encoded" in given if "periodic" in given else True)
        and given.get("members", [*FORMS[0]]) in [[*form] for form in FORMS]
    )


def _is_data(given: Any) -> bool:
    if given is None:
        return True
    right = isinstance(given, dict) and given.keys() == {"name", "fingerprint", "rows"}
    return right and _is_text(given["name"]) and _is_text(given["fingerprint"]) and _is_count(given["rows"])


def _is_object_or_none(given: Any) -> bool:
    return given is None or isinstance(given, dict)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {  # entry -> (whether a value is right, what is right, in words)
    "goodfit": (_is_text, "the version of goodfit that wrote the file, a text"),
    "task": (lambda given: _is_text(given) and given in TASKS, f"one of {', '.join(TASKS)}"),
    "link": (lambda given: _is_text(given) and given in LINKS, f"one of {', '.join(LINKS)}"),
    "classes": (_are_texts, "a list of texts"),
    "nets": (
        _are_nets,
        "a list of at least one net, each with 'activations', a list of names, and 'seed', an integer >= 0 (and, where "
        "targets were transformed, 'target_transform', a list of names, and, where inputs are encoded, 'encoded', a "
        "list of their numbers, and, where it counts more than once, 'count', an integer >= 1, and, where several "
        "targets have names, 'targets', a list of them, and, where it gives quantiles, 'levels', a list of numbers, "
        "and, where activations are mixed, 'mixed', true, and, where the encoding is periodic, 'periodic', true)",
    ),
    "about": (_is_object, "an object"),
    "preprocessing": (_is_object_or_none, "an object or null"),
    "data": (_is_data, "null, or 'name' and 'fingerprint', which are texts, and 'rows', an integer >= 0"),
}
