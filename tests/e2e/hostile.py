"""What no honest sender would say in a field, as the JSON that is sent; by what the field takes."""

import json
from typing import Any, Final

TIMES: Final = [
    '"2026-11-20T10:00:00"', '"2026-11-20"', '"2026-02-30T10:00:00Z"', '"2026-11-20T24:00:01Z"',
    '"2026-11-20T10:00:60Z"', '"1999-12-31T23:59:59Z"', '"2101-01-01T00:00:01Z"',
    '"9999-12-31T23:59:59-12:00"', '"0000-01-01T00:00:00Z"', '"+12026-01-01T00:00:00Z"',
    '"2026-11-20T10:00:00+25:00"', '"2026-W47-5T10:00:00Z"', '"2026-11-20 10:00:00Z"',
    '"٢٠٢٦-11-20T10:00:00Z"', '"2026-11-20T10:00:00Z\\u0000"', '"now"', '""', "1732096800", "{}",
]  # fmt: skip
NO_NUMBERS: Final = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400, '"4"', "true", "[4]", "{}",
]  # fmt: skip
NUMBERS: Final = [*NO_NUMBERS, "5.0000001", "0.9999999", "-0.0", "-4"]
WHOLE_NUMBERS: Final = [
    "NaN", "1e999", "-1", "1.5", '"1"', "true", "9007199254740993", "1" + "0" * 400,
]  # fmt: skip
IDENTIFIERS: Final = [
    '""', '" s-1"', '"s-1 "', '"s-1\\n"', '"s/1"', '"s#1"', '"s\\u00001"', '"\\u202es-1"', '"ｓ-1"',
    '"s-\\ud800"', '"' + "s" * 65 + '"', "1", "null", "[]", '"../../etc"', '"<script>"',
]  # fmt: skip
TEXTS: Final = ['"\\ud800"', '"\\udc00\\ud800"', "1", "true", "{}", "[]"]
STATUSES: Final = ['"COMPLETED"', '"done"', '"ｃompleted"', '""', "null", "1", '["completed"]']
CHOICES: Final = ['"nothing"', '"Useful"', '"improved "', '""', "1", "true", '["useful"]', "{}"]
"""Of one of several words: none of them."""
CLOCKS: Final = [
    '"9:00"', '"24:00"', '"09:60"', '"09:00:00"', '"09:00Z"', '"٠٩:00"', '"09:00\\n"', '""', "9",
    "null", "{}",
]  # fmt: skip
DAYS: Final = [
    '"2026-02-30"', '"2026-12-25T00:00:00Z"', '"1999-12-31"', '"2101-01-01"', '"٢٠٢٦-12-25"', '""',
    "1", "null", "[]",
]  # fmt: skip
ZONES: Final = [
    '"Nowhere/Else"', '"Europe"', '"Europe/"', '"europe/berlin"', '"Europe/Berlin\\u0000"', '""',
    '"../../etc/passwd"', '"/etc/passwd"', '"Europe/../UTC"', '"//"', '"' + "x" * 65 + '"', "1",
    "[]", "{}",
]  # fmt: skip
USERS: Final = [
    '"nobody"', '"local-student"', '"LOCAL-PEOPLE_OPS"', '"local-people_ops\\n"', '" "', '""',
    '"a b"', '"\\u202elocal-people_ops"', '"' + "x" * 129 + '"', '"\\ud800"', "1", "[]", "{}",
]  # fmt: skip
ADDRESSES: Final = [
    '"http://hooks.slack.com/services/1"', '"https://hooks.slack.com"', '"https://hooks.slack.com/"',
    '"https://hooks.slack.com.example.com/1"', '"https://hooks.slack.com@example.com/1"',
    '"https://ada:secret@hooks.slack.com/1"', '"https://hooks.slack.com:444/1"',
    '"https://hooks.slack.com/1#2"', '"https://hooks.slack.com\\\\@example.com/1"',
    '"https://hooks.slack.com/1\\n"', '"https://hooks.sl\\u0430ck.com/1"', '"https://[::1"',
    '"https://169.254.169.254/latest"', '"https://localhost/1"', '"javascript:alert(1)"',
    '"file:///etc/passwd"', '"//hooks.slack.com/1"', '"https://hooks.slack.com/' + "x" * 500 + '"',
    '""', *TEXTS,
]  # fmt: skip
ODD_WORDS: Final = [
    '"\\u0000"', '"\\u202e\\u200b\\ufeff"', '"👩‍👩‍👧‍👦"', '"e\\u0301"',
    '"<script>alert(1)</script>"',
    '"\'; DROP TABLE tutors; --"', '"=cmd|calc"', '"{{7*7}}${7*7}"', '"\\\\..\\\\..\\\\"',
]  # fmt: skip
"""Which are nevertheless words, and taken for that."""

ASKED_NUMBERS: Final = [
    "", "0", "-1", "-0", "1.5", "1e1", "+5", "%2B5", "0x10", "1_0", "NaN", "true", "%D9%A1", "5%00",
    "5%0A", "5,6", "1" * 10, "1" * 5_000,
]  # fmt: skip
"""From here on as they stand in a query string."""
ASKED_CHOICES: Final = ["", "%20", ",", "nothing", "NAME", "name%00", "%00", "%EF%BD%8Eame", "%2A"]
ASKED_TRUTHS: Final = ["", "1", "True", "yes", "true,false", "true%00"]
ASKED_IDENTIFIERS: Final = [
    "", "%20", "t-1%20", "t-1%0A", "t%2F1", "t%231", "t-1%00", "%EF%BD%94-1", "..%2F..", "t" * 65,
]  # fmt: skip
ASKED_PHRASES: Final = ["", "%20", "+", "%E2%80%83", "x" * 201, "%F0%9F%91%A9" * 201]
ASKED_CURSORS: Final = [
    "", "x", "AAAA", "A" * 24, "A" * 2_000, "A" * 2_001, "%00", "%C3%A9", "null", "..%2F..", "====",
]  # fmt: skip


def with_field(body: Any, dotted: str, raw: str) -> bytes:
    """A body in which one field is that JSON, as it stands; what is in a list goes by its place."""
    *parents, name = dotted.split(".")
    told: Any = json.loads(json.dumps(body))
    inner = told
    for parent in parents:
        inner = inner[int(parent)] if isinstance(inner, list) else inner[parent]
    inner[int(name) if isinstance(inner, list) else name] = "@@"
    return json.dumps(told).replace('"@@"', raw).encode()
