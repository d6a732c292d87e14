"""What work goes back to: each id once, not without end, and nothing where nothing is known."""

import pytest

from shared.aws.correlation import MOST, ids_of, logged, merged, told


def test_work_for_several_goes_back_to_each_of_them_once() -> None:
    assert merged(("w-1", "w-2"), ("w-2", "w-3")) == ("w-1", "w-2", "w-3")


def test_a_message_names_no_more_than_a_batch_holds() -> None:
    assert merged(f"w-{n}" for n in range(MOST + 1)) == tuple(f"w-{n}" for n in range(MOST))


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ({"webhook_id": "w-1"}, ("w-1",)),
        ({"tutor_id": "t-7", "correlation_ids": ["w-1", "w-2"]}, ("w-1", "w-2")),
        ({"tutor_id": "t-7"}, ()),
        ({"tutor_id": "t-7", "correlation_ids": 7}, ()),
        (["poison"], ()),
        (None, ()),
    ],
    ids=["a hint", "passed on", "of a clock", "no list", "no object", "nothing"],
)
def test_a_message_goes_back_to_what_it_names(message: object, ids: tuple[str, ...]) -> None:
    assert ids_of(message) == ids


def test_what_goes_back_to_nothing_says_nothing_of_it() -> None:
    assert told(()) == {}
    assert logged(()) is None


def test_what_is_told_is_what_is_read() -> None:
    assert ids_of(told(("w-1", "w-2"))) == ("w-1", "w-2")
    assert logged(("w-1", "w-2")) == "w-1 w-2"
