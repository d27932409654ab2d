"""`goodfit inspect --steps` and `--check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.errors import GoodfitError

if TYPE_CHECKING:
    from goodfit.inspection.gradient_check import CheckedTensor


def show_steps(net: Any, data: Any, which: int, rows: str, figure: Path | None, *, json: bool) -> None:
    """The passes of some rows: every node, every edge, and the gradient by hand beside JAX's."""
    from goodfit.inspection.inspecting import rows_of
    from goodfit.inspection.step_tables import EDGES, NODES, edge_rows, node_rows, steps_figure
    from goodfit.inspection.steps import chosen_rows, trace

    recipe = getattr(net, "recipe", None)
    graph = trace(rows_of(net, chosen_rows(rows), data, which=which), 0.0 if recipe is None else recipe.l2)
    if figure is not None:
        from goodfit.figures import write_figure

        write_figure(steps_figure(graph), figure)
    if json:
        print_json(graph.to_json())
        return
    out = console()
    out.print(
        table(f"Forward pass, rows {', '.join(map(str, graph.rows))} of the data set", NODES, node_rows(graph), left=5)
    )
    out.print()
    out.print(table("Backward pass, by the chain rule", EDGES, edge_rows(graph), left=4))
    out.print()
    worst = max(graph.by_hand.values())
    by_hand = [(name, f"{error:.1e}") for name, error in graph.by_hand.items()]
    out.print(table("Gradient by hand compared with JAX", ("tensor", "max. relative difference"), by_hand))
    print_line(out, f"They agree to within {worst:.1e}.")


def verdict(tensor: CheckedTensor) -> str:
    """The result of one tensor's check, failures in capitals."""
    return "ok" if tensor.right else "WRONG"


def show_check(net: Any, data: Any, which: int, *, json: bool) -> None:
    """JAX's gradient against differences; exit code 1 where they are too far apart."""
    from goodfit.inspection.gradient_check import ALLOWED, check_gradient
    from goodfit.inspection.inspecting import subject_for

    found = check_gradient(subject_for(net, data, which=which))
    if json:
        print_json([{**vars(tensor), "right": tensor.right} for tensor in found])
    else:
        rows = [
            (
                t.name,
                f"{t.checked} of {t.numbers:,}",
                f"{t.gradient:.4g}",
                f"{t.error:.1e}",
                verdict(t),
            )
            for t in found
        ]
        columns = ("tensor", "entries checked", "gradient", "relative error", "")
        console().print(table("Gradient check against central differences, float64", columns, rows))
    wrong = [tensor.name for tensor in found if not tensor.right]
    if wrong:
        raise GoodfitError(
            f"The gradient of {', '.join(wrong)} differs from finite differences by more than {ALLOWED:g}."
        )
