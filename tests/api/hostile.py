"""The table of requests meant to break something: bodies that are no request, documents that ask for trouble, addresses, Accept headers."""

from __future__ import annotations

import json

QUERY = "{ accounts { name } }"
DIGITS = "1" * 5000

IDS = "query($ids: [ID!]!) { creditNotesByIds(ids: $ids) { id } }"
FIRST = "query($first: Int) { creditNotes(first: $first) { nodes { id } } }"
ISSUE = "mutation($input: IssueCreditNoteInput!) { issueCreditNote(input: $input) { outcome } }"


def doubling(number: int, leaf: str) -> str:
    """Fragments that each spread the next one twice: one by one it would be two to their number."""
    spreads = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(number)]
    return "{ ...F0 }" + " ".join(spreads) + f" fragment F{number} on Query {{ {leaf} }}"


def body(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def nested(depth: int, inner: str = "1") -> str:
    return "[" * depth + inner + "]" * depth


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a text": b'"{ accounts { name } }"',
    "a number": b"1",
    "a batch": json.dumps([{"query": QUERY}]).encode(),
    "an empty batch": b"[]",
    "a batch of numbers": b"[1]",
    "bad UTF-8": b'{"query": "\xc3\x28"}',
    "overlong UTF-8": b'{"query": "\xc0\xaf"}',
    "truncated UTF-8": b'{"query": "\xe2\x82"}',
    "a byte order mark": b"\xef\xbb\xbf" + body(QUERY),
    "UTF-16": body(QUERY).decode().encode("utf-16"),
    "a lone surrogate in the document": b'{"query": "{ a\\ud800 }"}',
    "a lone surrogate in a name": b'{"query": "{ a }", "operationName": "\\udfff"}',
    "a lone surrogate as a key": b'{"query": "{ a }", "variables": {"\\uDBFF": 1}}',
    "surrogates in the wrong order": b'{"query": "{ a }", "variables": {"x": "\\udc00\\ud800"}}',
    "a zero byte": b'{"query": "{ a }\x00"}',
    "lists without an end": b"[" * 500_000,
    "objects without an end": b'{"a":' * 200_000,
    "lists as deep as Python goes": b'{"query": "{ a }", "variables": {"x": ' + nested(900).encode() + b"}}",
    "an integer of 5000 digits": b'{"query": "{ a }", "variables": {"x": ' + DIGITS.encode() + b"}}",
    "a fraction of 5000 digits": b'{"query": 0.' + DIGITS.encode() + b"}",
    "a number beyond all numbers": b'{"query": 1e400}',
    "not a number": b'{"query": "{ a }", "variables": {"x": NaN}}',
    "the same name twice": b'{"query": "{ accounts { name } }", "query": "{ accounts { provider } }"}',
    "the same variable twice": b'{"query": "{ a }", "variables": {"x": 1, "x": 2}}',
    "the same name twice, once escaped": b'{"query": "{ a }", "qu\\u0065ry": "{ b }"}',
    "a document that is a number": b'{"query": 1}',
    "a document that is a list": b'{"query": ["{ a }"]}',
    "variables that are a list": b'{"query": "{ a }", "variables": []}',
    "variables that are a text": b'{"query": "{ a }", "variables": "{}"}',
    "a name that is a number": b'{"query": "{ a }", "operationName": 1}',
    "extensions that are a list": b'{"query": "{ a }", "extensions": []}',
    "a hundred thousand names": ('{"query": "{ a }", "variables": {' + ",".join(f'"x{n}": 0' for n in range(60_000)) + "}}").encode(),
    "two hundred thousand values": body(IDS, ids=["a"] * 150_000),
    "a million brackets": b'{"query": "{ a }", "variables": {"x": [' + b"[]," * 300_000 + b"[]]}}",
}  # fmt: skip

DOCUMENTS: dict[str, bytes] = {
    "an empty document": body(""),
    "a comment": body("# nothing"),
    "a huge document": body("{ accounts { name } } #" + "x" * 900_000),
    "a million spaces": body(" " * 1_000_000 + QUERY),
    "a name of a million letters": body("{ " + "a" * 1_000_000 + " }"),
    "a string of a million letters": body('{ creditNote(id: "' + "a" * 1_000_000 + '") { id } }'),
    "a block string without an end": body('{ creditNote(id: """' + "a" * 50_000),
    "thousands of aliases": body("{" + " ".join(f"a{n}: __typename" for n in range(1600)) + "}"),
    "thousands of fields": body("{" + "__typename " * 4900 + "}"),
    "thousands of directives": body("{ __typename " + "@skip(if: false) " * 800 + "}"),
    "thousands of unknown directives": body("{ __typename " + "@a " * 2400 + "}"),
    "thousands of fragments": body("{ ...F0 }" + "".join(f"fragment F{n} on Query{{...F{n + 1}}}" for n in range(600))),
    "fragments that double": body(doubling(200, "accounts { name }")),
    "aliases that double": body(doubling(200, "a: accounts { name }")),
    "a spread, thousands of times": body("{" + "...F " * 2300 + "} fragment F on Query { accounts { name } }"),
    "a circle": body("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    "a circle of one": body("{ ...A } fragment A on Query { ...A accounts { name } }"),
    "a fragment that is not there": body("{ ...A }"),
    "a fragment twice": body("{ ...A } fragment A on Query { __typename } fragment A on Query { __typename }"),
    "hundreds of operations": body(" ".join(f"query Q{n} {{ __typename }}" for n in range(900))),
    "a deep selection": body("{ a " * 900 + "}" * 900),
    "a deep literal": body(f"{{ creditNotesByIds(ids: {nested(900)}) {{ id }} }}"),
    "a deep object": body("{ creditNotes(filter: " + "{a: " * 900 + "1" + "}" * 900 + ") { totalCount } }"),
    "a deep type": body(f"query($x: {nested(900, 'Int')}) {{ __typename }}"),
    "deep introspection": body("{ __schema { types { " + "fields { type { " * 30 + "name" + " } }" * 30 + " } } }"),
    "thousands of variables": body("query(" + " ".join(f"$v{n}: Int" for n in range(1200)) + ") { __typename }"),
    "a literal of 5000 digits": body(f"{{ creditNotes(first: {DIGITS}) {{ totalCount }} }}"),
    "a variable's default of 5000 digits": body(f"query($n: Int = {DIGITS}) {{ creditNotes(first: $n) {{ totalCount }} }}"),
    "a decimal of 5000 digits": body(ISSUE, input={"idempotencyKey": DIGITS, "credit": {"total": {"amount": DIGITS, "currency": "EUR"}}}),
    "an integer beyond GraphQL's": body(FIRST, first=2**31),
    "a fraction for an integer": body(FIRST, first=1.5),
    "a truth for an integer": body(FIRST, first=True),
    "lists in lists": body(IDS, ids=json.loads(nested(60))),
    "nothing in a list": body(IDS, ids=[None]),
    "nothing where exactly one is wanted": body('{ creditNoteByReference(account: "a", by: { number: null }) { id } }'),
    "thousands of wrong values": body(IDS, ids=[{}] * 15_000),
    "thousands of unknown members": body(ISSUE, input={f"x{n}": n for n in range(15_000)}),
    "an unknown operation": json.dumps({"query": QUERY, "operationName": "N" * 100_000}).encode(),
    "an operation's name that is markup": json.dumps({"query": QUERY, "operationName": "<script>alert(1)</script>"}).encode(),
    "a subscription": body("subscription { __typename }"),
    "a type's definition": body("type Query { a: Int }"),
    "a cursor that is none": body('{ creditNotes(after: "\\u0000💥") { totalCount } }'),
    "an id of a million letters": body(IDS, ids=["a" * 1_000_000]),
}  # fmt: skip


ADDRESSES = {
    "bad UTF-8": b"query=%ff",
    "half an escape": b"query=%7Baccounts%7Bname%7D%7D&variables=%",
    "a document twice": b"query=%7Ba%7D&query=%7Bb%7D",
    "deep variables": b"query=%7Ba%7D&variables=" + b"[" * 3000,
    "an integer of 5000 digits": b"query=%7Ba%7D&variables=%7B%22x%22:" + DIGITS.encode() + b"%7D",
    "a lone surrogate": b"query=%7Ba%7D&variables=%7B%22x%22:%22%5Cud800%22%7D",
    "a thousand parameters": b"query=%7Ba%7D&" + b"&".join(b"p%d=1" % n for n in range(1000)),
    "variables that are a list": b"query=%7Ba%7D&variables=[]",
    "extensions that are a list": b"query=%7Ba%7D&extensions=[]",
    "no document": b"query=",
    "another method's parameters": b"operationName=A&variables={}&extensions={}",
}

ACCEPTS = (b"", b",", b";", b"*/*;q=", b"q=1", b"a/b/c;;;", b"application/json;q=2", b"\x80", b"," * 9000, b"*/*," * 9000)
