"""When what a function measured is published: after each invocation that measured something."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

from shared.aws.table import races


class Meter(Protocol):
    """The part of Powertools' metrics that is needed here."""

    metric_set: dict[str, Any]

    def add_metric(self, name: str, unit: Any, value: float) -> None:
        """Count something."""

    def flush_metrics(self) -> None:
        """Publish what was counted."""


def published[**P, R](
    metrics: Meter, *, conflicts: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Publish after each call of a handler what it measured, even if it failed.

    `conflicts` is the metric of how often it began again because somebody else wrote meanwhile.

    Powertools' own `log_metrics` warns in the log of every invocation that measured nothing.
    """

    def decorate(handler: Callable[P, R]) -> Callable[P, R]:
        @wraps(handler)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return handler(*args, **kwargs)
            finally:
                lost = races.lost()
                if conflicts and lost:
                    metrics.add_metric(conflicts, "Count", lost)
                if metrics.metric_set:
                    metrics.flush_metrics()

        return measured

    return decorate
