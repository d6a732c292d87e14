"""What fuzzing found worth keeping holds still: inputs that each reach something of their own."""

import base64
from pathlib import Path

import pytest

from shared.contracts import InvalidError, Kind, accept
from tests.fuzz.target import TARGETS, seeds

KEPT = Path(__file__).parents[1] / "fuzz/kept"


@pytest.mark.parametrize("target", TARGETS)
def test_what_must_hold_holds_for_all_that_was_kept(target: str) -> None:
    lines = (KEPT / f"{target}.txt").read_text().splitlines()

    taken = [TARGETS[target](base64.b64decode(line)) for line in lines]

    assert len(taken) > 5
    assert any(taken)
    assert not all(taken)


@pytest.mark.parametrize("target", TARGETS)
def test_fuzzing_begins_with_what_is_taken_and_what_is_not(target: str) -> None:
    taken = [TARGETS[target](content) for content in seeds(target)]

    assert any(taken)
    assert not all(taken)


def test_a_field_below_a_name_that_is_no_unicode_is_named_in_unicode() -> None:
    """Found by fuzzing: the answer repeated the lone surrogate."""
    with pytest.raises(InvalidError) as refused:
        accept(Kind.SESSION, b'{"\\ud800": 1e400}')

    assert [error.field for error in refused.value.errors] == ["body", r"\ud800"]
    assert all(error.field.encode() for error in refused.value.errors)
