"""Working again while somebody else writes."""

import pytest

from shared.aws.table import ATTEMPTS, VersionConflictError, retried


def conflicts(times: int, told: list[int]) -> str:
    """Answers once somebody else wrote so many times."""
    told.append(1)
    if len(told) <= times:
        raise VersionConflictError
    return "written"


@pytest.mark.parametrize("times", [0, 1, ATTEMPTS - 1])
def test_work_begins_again_while_somebody_else_writes(times: int) -> None:
    told: list[int] = []

    assert retried(lambda: conflicts(times, told)) == "written"
    assert len(told) == times + 1


def test_work_that_always_loses_is_given_up() -> None:
    told: list[int] = []

    with pytest.raises(VersionConflictError):
        retried(lambda: conflicts(ATTEMPTS, told))

    assert len(told) == ATTEMPTS


def test_what_else_goes_wrong_is_not_tried_again() -> None:
    told: list[int] = []

    def broken() -> None:
        told.append(1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        retried(broken)

    assert len(told) == 1
