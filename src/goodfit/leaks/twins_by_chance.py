"""How many rows would be equal to others by chance, as in a table of few categories."""

import numpy as np

from goodfit.leaks.duplicates import Rows

SAMPLE = 2000  # rows that the columns' values are counted in


def twins_by_chance(x: np.ndarray, rows: Rows, others: Rows) -> float:
    """The number of `rows` that would have a twin among the others, were the columns independent of one another.

    Two rows agree in a column with probability sum p^2, with p the shares of its values; in all columns, with the
    product of these. Columns that depend on one another agree more often: this is a lower limit.
    """
    rows_of_both = np.sort(np.concatenate([rows, others]))
    some = rows_of_both[:: max(1, len(rows_of_both) // SAMPLE)]
    log = 0.0
    for column in x[some].T:
        counts = np.unique(column, return_counts=True)[1].astype(float)
        pairs = (counts * (counts - 1)).sum() / (len(some) * (len(some) - 1)) if len(some) > 1 else 0.0
        if not pairs:
            return 0.0
        log += float(np.log(pairs))
    with np.errstate(under="ignore"):
        return float(len(rows) * -np.expm1(len(others) * np.log1p(-min(np.exp(log), 1 - 1e-12))))
