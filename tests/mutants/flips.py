"""Which comparisons a module has, and each of them the other way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.And: "and",
    ast.Or: "or",
}
FLIPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
"""A comparison with an order is flipped at its limit and as a whole."""


@dataclass(frozen=True)
class Flip:
    """One comparison of a module the other way round: in which function, from what to what, and the module so changed.

    ``text`` is the expression as it stands; the same one twice in a function is told apart by ``number``.
    """

    where: str
    text: str
    change: str
    number: int
    line: int
    tree: ast.Module

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What it is called, whatever line it moves to."""
        return self.where, self.text, self.change, self.number


def flips(source: str) -> Iterator[Flip]:
    """Every flip of a module, in order."""
    tree = ast.parse(source)
    seen: dict[tuple[str, str, str], int] = {}
    for number, (where, node) in enumerate(_places(tree)):
        for index, new, change in _changes(node):
            text = " ".join(ast.unparse(node).split())
            seen[where, text, change] = seen.get((where, text, change), 0) + 1
            line = node.lineno
            yield Flip(where, text, change, seen[where, text, change], line, _changed(tree, number, index, new))


def _places(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    return list(_within(tree, ""))


def _within(node: ast.AST, where: str) -> Iterator[tuple[str, ast.expr]]:
    for child in ast.iter_child_nodes(node):
        inner = where
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inner = f"{where}.{child.name}".lstrip(".")
        elif isinstance(child, ast.Compare | ast.BoolOp) or _negation(child):
            assert isinstance(child, ast.expr)
            yield where, child
        yield from _within(child, inner)


def _negation(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _changes(node: ast.expr) -> Iterator[tuple[int, type[ast.AST] | None, str]]:
    """Which operator of a node becomes what (None: a ``not`` is left out), and in words."""
    if isinstance(node, ast.UnaryOp):
        yield 0, None, "not → (nothing)"
    ops = node.ops if isinstance(node, ast.Compare) else [node.op] if isinstance(node, ast.BoolOp) else []
    for index, op in enumerate(ops):
        for new in FLIPS[type(op)]:
            yield index, new, f"{SIGNS[type(op)]} → {SIGNS[new]}" + (f" (the {index + 1}.)" if len(ops) > 1 else "")


def _changed(tree: ast.Module, number: int, index: int, new: type[ast.AST] | None) -> ast.Module:
    copy = deepcopy(tree)
    _, node = _places(copy)[number]
    if new is None:
        assert isinstance(node, ast.UnaryOp)
        _Without(node).visit(copy)
        return ast.fix_missing_locations(copy)
    made = new()
    if isinstance(node, ast.Compare):
        assert isinstance(made, ast.cmpop)
        node.ops[index] = made
    if isinstance(node, ast.BoolOp):
        assert isinstance(made, ast.boolop)
        node.op = made
    return copy


class _Without(ast.NodeTransformer):
    """Leaves one ``not`` out; ``bool`` stands there instead, so that only the sense is changed and not the type."""

    def __init__(self, node: ast.UnaryOp) -> None:
        self.node = node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if node is not self.node:
            return node
        call = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
        return ast.copy_location(call, node)
