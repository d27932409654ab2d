"""Speed, memory and accuracy of goodfit against bars, each beside a reference in one run: `python -m benchmarks`."""
