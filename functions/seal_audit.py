"""00:30 UTC: seal the days of the audit trail that have ended since the last seal.

A night that fails is made up for by the next; a day that has a seal keeps it. The last days sealed
are held against their seals, and while one differs the night does not count as a sealing, so that
the alarm rings which waits for it.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.audit import AuditTrail
from shared.aws.meter import published
from shared.aws.table import table
from shared.aws.vault import vault
from shared.domain.audit_seal import BEGINNING, sealed
from shared.setting import Setting

DAY = timedelta(days=1)
LOOKED_BACK = timedelta(days=366)
"""For the last seal; a trail that nobody sealed for so long begins anew."""
CHECKED = 7
"""Days held against their seals; what is older, `make operate DO=verify-audit` looks at."""


class Env(Setting):
    TABLE_NAME: str
    VAULT_BUCKET: str


env = Env.read()
logger, metrics = Logger(), Metrics()
trail = AuditTrail(table(env.TABLE_NAME))
seals = vault(env.VAULT_BUCKET)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """How many days were sealed, and which of those before are not as they were sealed."""
    today, count = now().date(), 0
    days = seals.sealed_days(today - LOOKED_BACK)
    last = seals.seal(days[-1]) if days else None
    on, chain = (last.on + DAY, last.chain) if last else (today - DAY, BEGINNING)
    while on < today:
        chain, on, count = seal(on, chain), on + DAY, count + 1
    checked = days[-CHECKED:]
    if differing := [str(on) for on in checked if seals.held(on, trail.rows_of(on)) is None]:
        logger.error("not as sealed", days=differing)
    else:
        metrics.add_metric("DaysSealed", MetricUnit.Count, count)
    return {"sealed": count, "differing": differing}


def seal(on: date, chain: str) -> str:
    """Seal one day after the one whose chain this is; the chain up to it."""
    kept = seals.put_seal(sealed(on, trail.rows_of(on), chain))
    logger.info("sealed", day=on.isoformat(), rows=kept.rows, chain=kept.chain)
    return kept.chain
