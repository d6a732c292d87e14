"""Cursors say where a list goes on, to us alone and for one list alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cursor import CursorError, seal, unseal

SECRET = "a secret of the tests"
LIST = ("tutor_list", "", '{"sort":"name"}', "ops_manager")


@given(st.text(st.characters(codec="utf-8"), max_size=300))
def test_a_place_comes_back_as_it_was_sealed(place: str) -> None:
    assert unseal(SECRET, LIST, seal(SECRET, LIST, place)) == place


def test_the_same_place_has_the_same_cursor() -> None:
    assert seal(SECRET, LIST, "ada#t-7") == seal(SECRET, LIST, "ada#t-7")


def test_a_changed_character_anywhere_is_noticed() -> None:
    cursor = seal(SECRET, LIST, "0000042.000000#t-7")

    for at, known in enumerate(cursor):
        for other in "Ax_-=.":
            if other != known:
                with pytest.raises(CursorError):
                    unseal(SECRET, LIST, cursor[:at] + other + cursor[at + 1 :])


@pytest.mark.parametrize(
    "bound_to",
    [
        ("sessions", *LIST[1:]),
        (LIST[0], "t-7", *LIST[2:]),
        (*LIST[:2], '{"sort":"sessions"}', LIST[3]),
        (*LIST[:3], "people_ops"),
        LIST[:3],
        (LIST[0] + LIST[1], *LIST[2:]),
    ],
)
def test_a_cursor_of_another_list_is_refused(bound_to: tuple[str, ...]) -> None:
    with pytest.raises(CursorError):
        unseal(SECRET, bound_to, seal(SECRET, LIST, "ada#t-7"))


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(CursorError):
        unseal("another", LIST, seal(SECRET, LIST, "ada#t-7"))


@given(st.text(max_size=200))
def test_what_is_no_cursor_is_refused_without_further_ado(text: str) -> None:
    with pytest.raises(CursorError):
        unseal(SECRET, LIST, text)
