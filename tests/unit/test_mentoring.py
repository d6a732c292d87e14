"""Who is proposed as a mentor."""

from dataclasses import replace

import pytest

from shared.domain.mentoring import mentor
from shared.domain.tier import Tier
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow, tutor_row
from tests.builders import AS_OF, card, log, tutor


def row(tutor_id: str, **told: object) -> TutorRow:
    """An exemplary teacher of French at work."""
    plain = tutor_row(card(log()), tutor(subjects=("French",)), AS_OF, None)
    able = {"tier": Tier.EXEMPLARY, "status": TutorStatus.ACTIVE, "churn_score": 10.0}
    return replace(plain, tutor_id=tutor_id, **(able | told))  # type: ignore[arg-type]


GOOD = row("t-good")


def test_an_exemplary_tutor_of_the_subject_is_proposed() -> None:
    assert mentor(["French"], "t-new", [GOOD], {}) == "t-good"


# fmt: off
UNABLE = [
    pytest.param(row("t-x", tier=Tier.STRONG), id="not exemplary"),
    pytest.param(row("t-x", subjects=("Latin",)), id="another subject"),
    pytest.param(row("t-x", status=TutorStatus.ON_LEAVE), id="on leave"),
    pytest.param(row("t-new"), id="themselves"),
]
# fmt: on


@pytest.mark.parametrize("unable", UNABLE)
def test_nobody_unable_is_proposed(unable: TutorRow) -> None:
    assert mentor(["French"], "t-new", [unable], {}) is None


def test_a_mentor_with_two_has_no_room() -> None:
    assert mentor(["French"], "t-new", [GOOD], {"t-good": 2}) is None


def test_who_has_fewest_is_proposed_and_then_who_is_steadiest() -> None:
    steady, busy = row("t-a", churn_score=5.0), row("t-b", churn_score=1.0)

    assert mentor(["French"], "t-new", [GOOD, steady, busy], {"t-b": 1}) == "t-a"
