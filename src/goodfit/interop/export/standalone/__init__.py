"""The Python files that an exported net is run by: they import nothing of goodfit, and are copied as they stand."""
