"""`goodfit devices`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter

from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.flags import read_recipe, recipe_with, with_recipe_flags
from goodfit.errors import Problems


@with_device_flags
@with_recipe_flags
def devices(
    *,
    recipe: Annotated[
        str, Parameter(help="Recipe: default, chapter, a recipe file, or the folder of a run or a search.")
    ] = "default",
    inputs: Annotated[int, Parameter(help="Inputs of the nets.")] = 784,
    outputs: Annotated[int, Parameter(help="Outputs of the nets.")] = 10,
    rows: Annotated[int, Parameter(help="Training rows.")] = 60_000,
    json: Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=())] = False,
    **flags: str | bool | None,
) -> None:
    """List what there is to train on, and how many nets of a recipe fit into memory."""
    from goodfit.cli.output import console, print_json, print_line, table
    from goodfit.training.machine import machine
    from goodfit.training.measuring import multiplications_a_second

    chosen = recipe_with(read_recipe(recipe), flags)
    _check({"inputs": inputs, "outputs": outputs, "rows": rows})
    able, found = machine(), [*_found()]
    rate = multiplications_a_second()
    nets, room = _nets_that_fit(chosen, inputs, outputs, rows)
    shape = "-".join(map(str, (inputs, *chosen.hidden, outputs)))
    if json:
        told = {"devices": found, "kind": able.kind, "precision": able.precision, "multiplications_a_second": rate}
        print_json({**told, "nets": shape, "nets_that_fit": nets, "bytes_of_a_turn": room})
        return
    to = console()
    columns = ("device", "kind", "memory", "free")
    lines = [(each["name"], each["kind"], _gigabytes(each["memory"]), _gigabytes(each["free"])) for each in found]
    to.print(table("", columns, lines, left=2))
    together = "groups of nets train in parallel" if able.memory_bound else "groups of large nets train sequentially"
    where = "the device" if able.shuffles else "the host"
    print_line(to, f"Products of float32 numbers: {able.precision}, {2 * rate / 1e12:.3g} TFLOP/s measured.")
    print_line(to, f"Populations: {together}; rows are shuffled on {where}.")
    if nets is not None and room is not None:
        text = f"Nets {shape} that train in one turn: about {nets:,}, in {_gigabytes(room)}; more train in turns."
        print_line(to, text)


def _check(sizes: dict[str, int]) -> None:
    """InputError for sizes that no net or data set has."""
    problems = Problems()
    for name, size in sizes.items():
        if size < 1:
            problems.add("Command line", f"'--{name}' must be an integer >= 1", got=size)
    problems.raise_if_any()


def _found() -> Iterator[dict[str, Any]]:
    """Every device of the process, with its memory in bytes where that is known."""
    from goodfit.host import host_total
    from goodfit.training import devices as known
    from goodfit.training.machine import machine
    from goodfit.training.memory import free_memory

    known.prepare()
    for number, device in enumerate(known.local()):
        stats = device.memory_stats() or {}
        memory = stats.get("bytes_limit") or host_total()
        name = f"{device.platform}:{number}"
        free = min(free_memory(), memory)
        yield {"name": name, "kind": machine().name, "memory": _whole(memory), "free": _whole(free)}


def _nets_that_fit(recipe: Any, inputs: int, outputs: int, rows: int) -> tuple[int | None, int | None]:
    """How many nets of a recipe, one a seed, one turn holds, and the bytes that it may take; None where unknown."""
    from goodfit.training.memory import free_memory, member_bytes, net_bytes, seed_bytes
    from goodfit.training.recipe_rules import last_width
    from goodfit.training.turns import MOST_MEMORY

    batch = rows if recipe.optimizer == "lbfgs" else min(recipe.batch_size, rows)
    widths = (inputs, *recipe.hidden, last_width(recipe, outputs))
    each = net_bytes(widths, batch, optimizer=recipe.optimizer) + seed_bytes(inputs, batch, rows, recipe.epochs)
    each += member_bytes(recipe.members, widths, batch, drops=recipe.input_dropout > 0)
    room = MOST_MEMORY * free_memory()
    return _whole(room // each), _whole(room)


def _whole(amount: float) -> int | None:
    """None for what the system does not tell, which counts as infinite."""
    return int(amount) if math.isfinite(amount) else None


def _gigabytes(amount: int | None) -> str:
    return "unknown" if amount is None else f"{amount / 2**30:.1f} GiB"
