"""Pure scoring: the time of one scorecard, without reading or writing anything."""

from datetime import UTC, datetime

from shared.domain.log import Log
from shared.domain.scorecard import scorecard
from tests.bench import history
from tests.bench.result import Result, Row, best, under

AS_OF = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
GOALS_MS = {200: 3.0, 1000: 10.0}
NOTES = (
    "Rows are sessions and behaviour events of the 90 days, 5 to 4 as in the synthetic world; a"
    " tutor in trouble does less besides teaching. Processor time, best of many runs.",
)


def run(quick: bool) -> Result:
    """Best times at 200 and 1,000 rows in the log, of a typical tutor and one in trouble."""
    times = 30 if quick else 200
    found = [
        _row(kind, rows, character, goal, times)
        for kind, character in (
            ("typical", history.TYPICAL),
            ("in trouble", history.IN_TROUBLE),
        )
        for rows, goal in GOALS_MS.items()
    ]
    return Result("Pure scoring of one tutor", tuple(found), NOTES)


def _row(kind: str, rows: int, character: history.Character, goal: float, times: int) -> Row:
    log = history.log("t-1", rows, AS_OF, character=character)
    flags = len(scorecard(log, AS_OF).flags)
    shown = f"{len(log.sessions):,} sessions + {len(log.events):,} events"
    name = f"{kind}, {rows:,} rows ({shown}), {flags} flags"
    return under(name, best_ms(log, times), goal, "ms")


def best_ms(log: Log, times: int) -> float:
    """Milliseconds of one scorecard of a log."""
    return 1000 * best(lambda: scorecard(log, AS_OF), times)
