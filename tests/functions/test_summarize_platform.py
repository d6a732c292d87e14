"""summarize_platform: all tutors in one item, and one a day."""

from datetime import UTC, datetime, timedelta

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import summarize_platform
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.scoring import News, Scoring
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.session import Status
from shared.domain.tutor import TutorStatus
from tests.builders import completed, session, tutor
from tests.functions.conftest import Aws

NOW = datetime.now(UTC)


def test_an_empty_marketplace_is_summed_up(aws: Aws, context: LambdaContext) -> None:
    assert summarize_platform.handler({}, context) == {"tutors": 0}

    overview = ScorecardTable(aws.store).overview()
    assert overview["tutors"] == 0
    assert overview["reschedule_rate"].get("value") is None


def test_tutors_are_summed_up_now_and_for_the_day(aws: Aws, context: LambdaContext) -> None:
    logs = LogTable(aws.store)
    for told in (
        completed(NOW - timedelta(hours=3), 5),
        completed(NOW - timedelta(hours=5), 5, tutor_id="t-8"),
        session(NOW - timedelta(hours=2), Status.NO_SHOW, tutor_id="t-8"),
    ):
        logs.put_session(told, Versioned(None, 0))
    news = News(NOW - timedelta(seconds=4), NOW - timedelta(hours=3))
    for tutor_id in ("t-7", "t-8"):
        Scoring.of(aws.store).score(tutor_id, lambda: NOW, news)

    assert summarize_platform.handler({}, context) == {"tutors": 2}

    overview = ScorecardTable(aws.store).overview()
    assert overview["sessions_30d"] == 3
    assert overview["no_show_rate"] == {"value": 1 / 3, "n": 3}
    assert overview["flags"]["no_show_risk"] == 1
    assert sum(overview["at_risk"].values()) == 2
    assert overview["insight_latency_seconds"]["receipt_p95"] == 4
    assert overview["insight_latency_seconds"]["session_end_p95"] == 3 * 3600
    (day,) = ScorecardTable(aws.store).platform_days(NOW.date(), 30)
    assert day["date"] == NOW.date().isoformat()
    assert day["tutors"] == 2


def test_who_left_is_not_counted(aws: Aws, context: LambdaContext) -> None:
    LogTable(aws.store).put_tutor(tutor(TutorStatus.RESIGNED))
    Scoring.of(aws.store).score("t-7", lambda: NOW)

    assert summarize_platform.handler({}, context) == {"tutors": 0}
