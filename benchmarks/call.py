"""Call one function of benchmarks in this process and print what it returns as JSON, in the last line."""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import asdict


def main() -> None:
    """`python -m benchmarks.call module:function [--quick]`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.call")
    parser.add_argument("function")
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    module, _, name = given.function.partition(":")
    found = getattr(importlib.import_module(f"benchmarks.{module}"), name)(given.quick)
    print(json.dumps(found, default=asdict))


if __name__ == "__main__":
    main()
