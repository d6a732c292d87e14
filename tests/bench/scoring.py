"""Pure scoring: the time of one scorecard, without reading or writing anything."""

from datetime import UTC, datetime

from shared.domain.log import Log
from shared.domain.scorecard import scorecard
from tests.bench import history
from tests.bench.result import Result, Row, best, under

AS_OF = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
GOALS_MS = {200: 3.0, 1000: 10.0}
NOTES = (
    "Rows are sessions of the 90 days; behaviour events come on top, 0.8 a session as in the"
    " synthetic world. Best of several runs on one core.",
)


def run(quick: bool) -> Result:
    """Best times at 200 and 1,000 sessions in the log, of a typical tutor and one in trouble."""
    times = 15 if quick else 60
    rows = [
        _row(kind, sessions, character, goal, times)
        for kind, character in (
            ("typical", history.TYPICAL),
            ("in trouble", history.IN_TROUBLE),
        )
        for sessions, goal in GOALS_MS.items()
    ]
    return Result("Pure scoring of one tutor", tuple(rows), NOTES)


def _row(kind: str, sessions: int, character: history.Character, goal: float, times: int) -> Row:
    log = history.log("t-1", sessions, AS_OF, character=character)
    flags = len(scorecard(log, AS_OF).flags)
    name = f"{kind}, {sessions:,} sessions + {len(log.events):,} events, {flags} flags"
    return under(name, best_ms(log, times), goal, "ms")


def best_ms(log: Log, times: int) -> float:
    """Milliseconds of one scorecard of a log."""
    return 1000 * best(lambda: scorecard(log, AS_OF), times)
