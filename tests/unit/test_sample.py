"""The sample events: complete, consistent with one another, and listed for readers."""

import json
import re
from collections import Counter

import pytest

from events.sample import FOLDER, Sample, sample, samples

IDENTIFIER = {
    "/api/sessions": "session_id",
    "/api/tutors": "tutor_id",
    "/api/events": "event_id",
    "/api/feedback": "feedback_id",
}


def by_name(each: Sample) -> str:
    return each.name


@pytest.mark.parametrize("each", samples(), ids=by_name)
def test_a_sample_is_named_and_listed_for_readers(each: Sample) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    answer = str(each.status) + "".join(f" `{field}`" for field in each.errors)

    assert re.fullmatch(r"(session|tutor|event|feedback)(_[a-z0-9]+)+", each.name)
    assert f"| [{each.name}]({each.name}.json) | {each.about} | {answer} |" in readme


@pytest.mark.parametrize("each", samples(), ids=by_name)
def test_a_sample_fits_its_answer(each: Sample) -> None:
    assert each.path in IDENTIFIER
    assert each.status in (202, 400, 409, 422)
    assert len(each.text) < 64_000
    assert bool(each.errors) is (each.status == 422)
    if each.accepted:
        assert re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", each.body[IDENTIFIER[each.path]])


@pytest.mark.parametrize("each", [s for s in samples() if s.after], ids=by_name)
def test_what_must_come_before_is_accepted_and_about_the_same_thing(each: Sample) -> None:
    identifier = IDENTIFIER[each.path]

    for name in each.after:
        assert sample(name).accepted
        assert sample(name).body[identifier] == each.body[identifier]


def test_no_version_is_used_twice_but_where_a_sample_means_to() -> None:
    used = Counter(
        (each.path, each.body[IDENTIFIER[each.path]], each.body.get("version"))
        for each in samples()
        if each.accepted and each.name != "session_repeated"
    )

    assert [key for key, times in used.items() if times > 1] == []


@pytest.mark.parametrize(
    "name", ["session_broken_json", "session_empty_body", "session_two_values"]
)
def test_what_is_not_json_cannot_be_read(name: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        _ = sample(name).body
