"""Texts as Chargebee takes them: so many characters (docs: Create a credit note, Void a credit note), and whole ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.domain.errors import InvalidInput

LONGEST_COMMENT = 300
LONGEST_CUSTOMER_NOTES = 2000
LONGEST_REFERENCE = 100

Text = tuple[str, str | None, int]


def text_problems(texts: Iterable[Text]) -> Iterator[InvalidInput]:
    """What is wrong with these: each is the input's name, the text if there is one, and the most characters it may have."""
    for name, text, longest in texts:
        if text is None:
            continue
        if len(text) > longest:
            yield InvalidInput(f"{name} has {len(text)} characters, Chargebee takes {longest}", path=(name,))
        elif not is_whole(text):
            yield InvalidInput(f"{name} holds half a character, which cannot be sent", path=(name,))


def is_whole(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
