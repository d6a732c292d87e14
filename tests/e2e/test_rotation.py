"""The webhook secret rotates by the runbook while reports come in: none is refused."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import count, cycle
from typing import Any, Final

import pytest

from infra_cdk import operate
from infra_cdk.place import StageError, of_local
from tests.e2e.marketplace import Marketplace, completed
from tests.e2e.runbook import Typed, typed_on

pytestmark = pytest.mark.e2e

STEPS: Final = typed_on("rotate-webhook-secret")
EVERY_SECONDS: Final = 0.05
PHASE_SECONDS: Final = 4
MOST_UNDER_WAY: Final = 16
"""A slow machine posts less often rather than later."""


class Rails:
    """Processes that post a report every 50 ms, each signed with the next of `secrets`."""

    def __init__(self, marketplace: Marketplace) -> None:
        self.marketplace = marketplace
        self.secrets = cycle([marketplace.deployed.webhook_secret])
        self.answered: Counter[int] = Counter()
        self.under_way: Counter[str] = Counter()
        self._over, self._counting = threading.Event(), threading.Lock()

    @contextmanager
    def posting(self) -> Iterator[None]:
        with ThreadPoolExecutor(8) as workers:
            clock = threading.Thread(target=self._tick, args=[workers])
            clock.start()
            try:
                yield
            finally:
                self._over.set()
                clock.join()

    def _tick(self, workers: ThreadPoolExecutor) -> None:
        for number in count():
            if self._over.wait(EVERY_SECONDS):
                return
            if self.under_way.total() < MOST_UNDER_WAY:
                secret = next(self.secrets)
                with self._counting:
                    self.under_way[secret] += 1
                workers.submit(self._post, number, secret)

    def _post(self, number: int, secret: str) -> None:
        body = completed(f"s-rot-{number}", f"t-rot-{number % 5}", 2)
        status, _ = self.marketplace.post("/api/sessions", f"w-rot-{number}", body, secret)
        with self._counting:
            self.answered[status] += 1
            self.under_way[secret] -= 1


def test_no_report_is_refused_while_the_secret_rotates(
    marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a quarter of an hour taken for a few seconds, and the two minutes not waited for."""
    monkeypatch.setattr(operate, "QUIET", timedelta(seconds=PHASE_SECONDS))
    deployed = marketplace.deployed
    place = of_local(deployed)
    kept = deployed.client("secretsmanager")

    def typed(step: Typed) -> list[str]:
        return step.done(place, {})

    def allowed(step: Typed) -> list[str] | None:
        try:
            return typed(step)
        except StageError:
            return None

    def stored() -> Any:
        told = kept.get_secret_value(SecretId=deployed.webhook_secret_arn)
        return json.loads(told["SecretString"])

    new_secret, secret, old_secret_away = STEPS
    old, rails = deployed.webhook_secret, Rails(marketplace)
    try:
        with rails.posting():
            time.sleep(PHASE_SECONDS)
            typed(new_secret)
            with pytest.raises(StageError):
                typed(new_secret)
            new = stored()["current"]
            time.sleep(PHASE_SECONDS)
            with pytest.raises(StageError):
                typed(old_secret_away)
            rails.secrets = cycle([old, new])  # one process after the other
            time.sleep(PHASE_SECONDS)
            assert typed(secret)[0].startswith("Two secrets are believed")
            rails.secrets = cycle([new])
            marketplace.eventually(lambda: not rails.under_way[old])
            marketplace.eventually(lambda: allowed(old_secret_away))
            time.sleep(PHASE_SECONDS)
    finally:
        alone = json.dumps({"current": old, "previous": None})
        left = stored()
        kept.put_secret_value(SecretId=deployed.webhook_secret_arn, SecretString=alone)

    assert left == {"current": new, "previous": None}
    assert set(rails.answered) == {202}
    assert rails.answered[202] > 100
