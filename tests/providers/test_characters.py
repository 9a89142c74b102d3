"""A text cut in the middle of a character."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.characters import whole_characters

texts = st.text(st.sampled_from('ab\\"u/\ud83d\udc8e\ud800\udfff\n') | st.characters())


@given(texts)
def test_every_half_is_replaced_and_nothing_else(text: str) -> None:
    body = json.dumps({text: [text]}).encode()
    (read,) = json.loads(body)  # which takes halves as they come
    whole = re.sub("[\ud800-\udfff]", "\ufffd", read)
    assert msgspec.json.decode(whole_characters(body)) == {whole: [whole]}


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        (rb'"a \ud83d"', "a \ufffd"),
        (rb'"\uDC8E b"', "\ufffd b"),
        (rb'"\ud83d\udc8e"', "\U0001f48e"),
        (rb'"\udc8e\ud83d"', "\ufffd\ufffd"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'"\\\ud83d"', "\\\ufffd"),
    ],
)
def test_a_half_is_one_only_where_it_stands_alone(cut: bytes, whole: str) -> None:
    assert msgspec.json.decode(whole_characters(cut)) == whole


@pytest.mark.parametrize("body", [rb'"\ud8', rb'"\ud83d\u', b"\\", rb"\ud800\ud8", b"\xff\\ud800\xff"])
def test_what_is_no_json_does_not_become_any(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(whole_characters(body))
