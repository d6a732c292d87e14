"""Students are called by aliases: the same student always by the same."""

import pytest

from shared.domain.alias import student_alias
from shared.domain.erasure import nobody


def test_a_student_has_one_alias_and_no_other_student_has_it() -> None:
    aliases = [student_alias("secret", f"u-{number}") for number in range(2_000)]

    assert aliases == [student_alias("secret", f"u-{number}") for number in range(2_000)]
    assert len(set(aliases)) == 2_000
    assert all(len(alias) == 8 and alias.isalnum() for alias in aliases)


@pytest.mark.parametrize("other", ["secret2", ""])
def test_who_has_the_ids_and_not_the_secret_finds_nobody(other: str) -> None:
    assert student_alias(other, "u-1") != student_alias("secret", "u-1")


def test_an_erased_student_is_called_nothing() -> None:
    assert student_alias("secret", nobody("s-1")) == "erased"
    assert student_alias("secret", nobody("s-2")) == "erased"
