"""Whether a block marked as Python is code, or what code printed: documents mark both alike."""

import ast
import re

SHOWN = {
    "torch",
    "array",
    "tensor",
    "ndarray",
    "device",
    "Tensor",
    "Parameter",
    "dtype",
}  # what values are printed as calls of
# What a line of code begins with, and a line of output hardly ever.
_CODE = re.compile(
    r"^\s*(?:(?:import|from|def|class|for|while|with|if|elif|else|try|except|return|assert|del|lambda|global|raise)\b|@\w|%|!"
    r"|[A-Za-z_][\w.]*(?:\[[^\]]*\])*(?:\s*,\s*[A-Za-z_][\w.]*)*\s*(?:[-+*/@|&]|//|\*\*)?=(?!=)|[A-Za-z_][\w.]*\()"
)


def is_output(text: str) -> bool:
    """Whether a block is the output of the code before it.

    What Python can read is output only where it is one value without a name in it but those of `SHOWN`; what it cannot
    read is output unless a line of it looks like code, which then has a fault that running it names.
    """
    if not text.strip():
        return False
    cleaned = re.sub(r"^\s*[%!].*$", "pass", text, flags=re.MULTILINE)
    try:
        tree = ast.parse(cleaned)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return not any(_CODE.match(line) and not _shown(line) for line in text.splitlines())
    if not tree.body:
        return False
    return all(isinstance(each, ast.Expr | ast.AnnAssign) and _is_value(each) for each in tree.body)


def _shown(line: str) -> bool:
    """Whether a line begins as a printed value does: "array([[1, 2]])"."""
    found = re.match(r"^\s*(\w+)\(", line)
    return found is not None and found[1] in SHOWN


def _is_value(statement: ast.Expr | ast.AnnAssign) -> bool:
    """Whether a statement is a value as it is printed: "(array([1]), 2)", or "weight: [[2.7]]"."""
    value = statement.value if isinstance(statement, ast.Expr) else statement.annotation
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return False
    for node in ast.walk(value):
        if isinstance(node, ast.Name) and node.id not in SHOWN | {"nan", "inf", "dtype", "float32", "int64", "int32"}:
            return False
        if not isinstance(
            node,
            ast.Constant | ast.Name | ast.List | ast.Tuple | ast.Dict | ast.UnaryOp | ast.USub | ast.UAdd | ast.Load
            | ast.Call | ast.keyword | ast.Set | ast.Attribute,
        ):  # fmt: skip
            return False
    return not (isinstance(value, ast.Constant) and isinstance(value.value, str))
