"""roll_windows: every tutor is asked for, and the marketplace's reference is fitted anew."""

from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import roll_windows
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.scoring import Scoring
from shared.aws.tutor_log import LogTable
from shared.domain.log import midnight
from shared.domain.marketplace import DEFAULT_PRIORS
from tests.builders import completed
from tests.functions.conftest import Aws


def scored_tutors(aws: Aws, count: int) -> None:
    """So many tutors, with two sessions each."""
    now = datetime.now(UTC)
    logs = LogTable(aws.store)
    for number in range(count):
        for day in range(2):
            at = now - timedelta(days=day + 1)
            told = completed(at, 4.5, tutor_id=f"t-{number}")
            logs.put_session(told, logs.session(told.session_id))
        Scoring.of(aws.store).score(f"t-{number}", lambda: now)


def test_every_tutor_is_asked_for_as_of_the_last_midnight(aws: Aws, context: LambdaContext) -> None:
    scored_tutors(aws, 3)

    assert roll_windows.handler({}, context) == {"tutors": 3}

    night = midnight(datetime.now(UTC)).isoformat()
    asked = sorted(aws.messages(), key=lambda each: each["tutor_id"])
    assert asked == [{"tutor_id": f"t-{n}", "roll_at": night} for n in range(3)]


def test_an_empty_marketplace_is_rolled(aws: Aws, context: LambdaContext) -> None:
    assert roll_windows.handler({}, context) == {"tutors": 0}


@pytest.mark.parametrize(
    ("tutors", "fitted"), [(19, False), (20, True)], ids=["too few tutors", "enough"]
)
def test_priors_are_fitted_once_twenty_tutors_have_sessions(
    aws: Aws, context: LambdaContext, tutors: int, fitted: bool
) -> None:
    scored_tutors(aws, tutors)

    roll_windows.handler({}, context)

    reference = ScorecardTable(aws.store).reference()
    assert reference.version == f"{datetime.now(UTC):%Y-%m-%d}"
    assert (reference.priors["reschedule_rate"] != DEFAULT_PRIORS["reschedule_rate"]) is fitted
    assert ScorecardTable(aws.store).reference_of(reference.version) == reference


def test_a_second_pass_of_the_same_night_keeps_the_first_reference(
    aws: Aws, context: LambdaContext
) -> None:
    scored_tutors(aws, 19)
    roll_windows.handler({}, context)
    first = ScorecardTable(aws.store).reference()

    scored_tutors(aws, 25)
    roll_windows.handler({}, context)

    assert ScorecardTable(aws.store).reference() == first
