"""The project's own source, to be asked what it imports and says."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Module:
    """One file."""

    path: Path

    @property
    def name(self) -> str:
        """As in a message."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def within(self) -> str:
        """Its place in app/."""
        return self.path.relative_to(ROOT / "app").as_posix()

    @property
    def layer(self) -> str:
        """The first step of that."""
        return self.within.partition("/")[0].removesuffix(".py")

    @cached_property
    def text(self) -> str:
        """As written."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """As parsed."""
        return ast.parse(self.text)

    @property
    def tokens(self) -> Iterator[tokenize.TokenInfo]:
        """As read, comments among them."""
        return tokenize.generate_tokens(io.StringIO(self.text).readline)

    @property
    def functions(self) -> Iterator[tuple[str, int]]:
        """Every function with its number of lines."""
        return _functions(self.tree)

    @property
    def lines_of_descriptions(self) -> set[int]:
        """Where clients are told something."""
        told = [node.value for node in ast.walk(self.tree) if isinstance(node, ast.keyword) and node.arg == "description"]
        return {line for value in told for line in range(value.lineno, (value.end_lineno or value.lineno) + 1)}

    @property
    def imports(self) -> Iterator[str]:
        """Every module imported anywhere in it, also inside functions; `from app import http` is `app.http`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: imports are absolute"
                base = node.module or ""
                for alias in node.names:
                    yield f"{base}.{alias.name}" if _is_module(base, alias.name) else base


def _is_module(base: str, name: str) -> bool:
    place = ROOT.joinpath(*base.split("."), name)
    return base.partition(".")[0] == "app" and (place.with_suffix(".py").exists() or (place / "__init__.py").exists())


def modules(folder: str) -> list[Module]:
    """The project's own files there."""
    return [Module(path) for path in sorted((ROOT / folder).rglob("*.py")) if "node_modules" not in path.parts]


def _functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, int]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield within + node.name, (node.end_lineno or node.lineno) - node.lineno + 1
        inner = within + f"{node.name}." if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) else within
        yield from _functions(node, inner)
