"""When what a function measured is published: after each invocation that measured something."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol


class Meter(Protocol):
    """The part of Powertools' metrics that is needed here."""

    metric_set: dict[str, Any]

    def add_metric(self, name: str, unit: Any, value: float) -> None:
        """Count something."""

    def flush_metrics(self) -> None:
        """Publish what was counted."""


def published[**P, R](metrics: Meter) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Publish after each call of a handler what it measured, even if it failed.

    Powertools' own `log_metrics` warns in the log of every invocation that measured nothing.
    """

    def decorate(handler: Callable[P, R]) -> Callable[P, R]:
        @wraps(handler)
        def measured(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return handler(*args, **kwargs)
            finally:
                if metrics.metric_set:
                    metrics.flush_metrics()

        return measured

    return decorate
