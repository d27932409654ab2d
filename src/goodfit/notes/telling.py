"""Whether a block marked as Python is code, or what code printed: documents mark both alike."""

import ast
import re

SHOWN = {"array", "tensor", "ndarray", "device", "Tensor", "Parameter", "dtype"}  # what values are printed as calls of
SHOWN_OF_TORCH = {"Size", "device"}  # likewise, as attributes: torch.Size([2, 3]); other calls do something
_WORD = re.compile(r"nan|inf|b?float\d+|u?int\d+|complex\d+|bool")  # a name that stands in a printed value
# What a line of code begins with, and a line of output hardly ever.
_CODE = re.compile(
    r"^\s*(?:(?:import|from|def|class|for|while|with|if|elif|else|try|except|return|assert|del|lambda|global|raise)\b|@\w|%|!"
    r"|[A-Za-z_][\w.]*(?:\[[^\]]*\])*(?:\s*,\s*[A-Za-z_][\w.]*)*\s*(?:[-+*/@|&]|//|\*\*)?=(?!=)|[A-Za-z_][\w.]*\()"
)


def is_output(text: str) -> bool:
    """Whether a block is the output of the code before it.

    What Python can read is output only where it is values as they are printed; what it cannot read is output unless a
    line of it looks like code, which then has a fault that running it names.
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
    found = re.match(r"^\s*(torch\.)?(\w+)\(", line)
    return found is not None and found[2] in (SHOWN_OF_TORCH if found[1] else SHOWN)


def _is_value(statement: ast.Expr | ast.AnnAssign) -> bool:
    """Whether a statement is a value as it is printed: "(array([1]), 2)", or "weight: [[2.7]]"."""
    value = statement.value if isinstance(statement, ast.Expr) else statement.annotation
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return False
    return _is_printed(value) and not (isinstance(value, ast.Constant) and isinstance(value.value, str))


def _is_printed(node: ast.expr) -> bool:
    """Whether an expression is one that a value is printed as: what it calls makes values and does nothing else."""
    match node:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return _WORD.fullmatch(name) is not None
        case ast.Attribute(value=ast.Name(id="torch"), attr=name):
            return _WORD.fullmatch(name) is not None
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return all(map(_is_printed, parts))
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and _is_printed(key) for key in keys) and all(map(_is_printed, values))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _is_printed(operand)
        case ast.Call(func=function, args=args, keywords=keywords):
            return _is_maker(function) and all(map(_is_printed, [*args, *(each.value for each in keywords)]))
    return False


def _is_maker(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in SHOWN
        case ast.Attribute(value=ast.Name(id="torch"), attr=name):
            return name in SHOWN_OF_TORCH
    return False
