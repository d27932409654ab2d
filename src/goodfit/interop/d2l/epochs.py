"""`train_ch3` without a framework: the curves, and what is said of them at the end."""

from collections.abc import Callable, Iterable
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.interop.d2l.plotting import Animator
from goodfit.notices import warn

MOST_LOSS, LEAST_SHARE = 0.5, 0.7  # beyond which the book stops with an assertion
VALIDATION = (
    "Note: 'test acc' was measured after every epoch, and settings are chosen by it: it is a validation curve. "
    "A test set is used once, after all choices."
)


def draw_epochs(num_epochs: int, train: Callable[[], tuple[float, float]], test: Callable[[], float]) -> None:
    """Run epochs, and draw training loss, training accuracy and test accuracy.

    train: one epoch, which gives the first two; test: gives the third. A warning names each that ends where the book's
    own function would stop: a loss of 0.5 or more, a share of right answers of 0.7 or less.
    """
    if isinstance(num_epochs, bool) or not isinstance(num_epochs, int) or num_epochs < 1:
        raise InputError(problem("train_ch3", "'num_epochs' must be a whole number >= 1", got=num_epochs))
    names = ["train loss", "train acc", "test acc"]
    animator = Animator(xlabel="epoch", xlim=[1, num_epochs], ylim=[0.3, 0.9], legend=names)
    values = (0.0, 0.0, 0.0)
    for epoch in range(num_epochs):
        values = (*train(), test())
        animator.add(epoch + 1, values)
    print(VALIDATION, flush=True)
    loss, *shares = values
    if not loss < MOST_LOSS:
        warn(f"train_ch3: the training loss ends at {loss:.3g}; the book expects less than {MOST_LOSS}.")
    for name, share in zip(("training", "test"), shares, strict=True):
        if not LEAST_SHARE < share <= 1:
            warn(f"train_ch3: the {name} accuracy ends at {share:.3g}; the book expects more than {LEAST_SHARE}.")


def per_row(where: str, total: float, count: float) -> float:
    """A sum divided by how many numbers it is of. InputError of none. where: the function that was called."""
    if not count:
        raise _no_batch(where)
    return total / count


def first_batch(where: str, batches: Iterable[Any], n: int) -> Any:
    """The first batch, to show n rows of. InputError where there is none, or nothing to show."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InputError(problem(where, "'n' must be a whole number >= 1", got=n))
    for batch in batches:
        return batch
    raise _no_batch(where)


def _no_batch(where: str) -> InputError:
    fix = "A generator can be used once: give what can be gone through again, such as load_array(...)."
    return InputError(problem(where, "the iterator gave no batch", fix=fix))


def refuse_reduced(dimensions: int) -> None:
    """InputError for a loss that is one number for the whole batch."""
    if not dimensions:
        fix = "With PyTorch: nn.CrossEntropyLoss(reduction='none')."
        raise InputError(problem("train_epoch_ch3", "the loss must give one number a row, not their mean", fix=fix))
