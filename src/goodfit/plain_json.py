"""Values as JSON has them."""

import math
from typing import Any


def plain(value: Any) -> Any:
    """The value with None for every number that is not finite, which JSON lacks, lists for tuples, texts for keys."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
