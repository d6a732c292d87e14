"""Why a tutor is not predicted: gone, away with permission, or silent already."""

from datetime import datetime

import numpy as np

from shared.domain.log import Log
from shared.domain.prediction import Absence, Unscored
from shared.ml.ledger import Ledger, microseconds


def unscored(log: Log, as_of: datetime, model_version: str) -> Unscored:
    """What is kept of a tutor whom the model does not score at that moment."""
    ledger, at = Ledger.of(log), microseconds(as_of)
    because = Absence.GONE if log.tutor.gone else _because(ledger, at)
    return Unscored(log.tutor.tutor_id, as_of, ledger.newest(at), because, model_version)


def _because(ledger: Ledger, at: int) -> Absence:
    return Absence.ON_LEAVE if ledger.on_leave(np.array([at]))[0] else Absence.QUIET
