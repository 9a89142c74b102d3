"""The project's own documents, taken apart: blocks of code, links, headings, words in code type. Knows Markdown, nothing of what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_ROW = re.compile(r"^\|(.+)\|$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of code, and the line of its first line."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Document:
    """One Markdown file."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> Document:
        """The file as it is now."""
        return cls(path, path.read_text())

    @property
    def name(self) -> str:
        """Its place in the project."""
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[Block]:
        """In order."""
        return [
            Block(language=found["language"], text=found["text"], line=self.text.count("\n", 0, found.start()) + 2)
            for found in _FENCE.finditer(self.text)
        ]

    @property
    def prose(self) -> str:
        """Everything but the blocks."""
        return _FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        """Where it points to."""
        return _LINK.findall(self.prose)

    @property
    def spans(self) -> list[str]:
        """Words in code type."""
        return _SPAN.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """What a link behind `#` may name, by the rule of the large forges."""
        return {re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-") for heading in self._headings}

    @property
    def rows(self) -> Iterator[list[str]]:
        """Cells of every row of every table."""
        for row in _ROW.findall(self.prose):
            yield [cell.strip() for cell in row.replace(r"\|", "\0").split("|")]

    @property
    def _headings(self) -> list[str]:
        return _HEADING.findall(self.prose)


def documents() -> list[Document]:
    """README first, then docs/ by name."""
    return [Document.read(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))]
