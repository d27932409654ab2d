"""--device and --precision, the flags of all commands that train."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

from cyclopts import Group, Parameter

_GROUP = Group("Machine", sort_key=90)
Device = Annotated[
    str | None,
    Parameter(help="What to train on: cpu, gpu, or one GPU, as in gpu:0. [default: what JAX finds]", group=_GROUP),
]
Precision = Annotated[
    str | None,
    Parameter(help="Products of float32 numbers on a GPU: highest, tf32 or bf16. [default: tf32]", group=_GROUP),
]


def with_device_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --device and --precision, which are seen to before it runs."""

    @functools.wraps(command)
    def chosen(*arguments: Any, device: str | None = None, precision: Any = None, **options: Any) -> None:
        if device is not None or precision is not None:
            from goodfit.training import devices

            devices.use(device, precision)
        command(*arguments, **options)

    return with_options(chosen, command, device=Device, precision=Precision)


def with_options(chosen: Callable[..., None], command: Callable[..., None], **options: Any) -> Callable[..., None]:
    """`chosen` with the signature of a command and more options, None where they are left out; name -> annotation."""
    signature, keyword = inspect.signature(command), inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter(name, keyword, default=None, annotation=each) for name, each in options.items()]
    chosen.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined]
    return chosen
