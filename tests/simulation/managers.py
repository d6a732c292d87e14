"""What managers do meanwhile: they move interventions, as they last saw them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from shared.aws.entrance import HEADER
from shared.aws.item import loaded
from shared.domain.intervention import Intervention
from tests.simulation.post import PEOPLE
from tests.simulation.world import World

ENTRANCE: Final = "the way in"
MOVES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("note", {}),
    ("complete", {"outcome": "improved"}),
    ("judge", {"opinion": "useful"}),
    ("cancel", {}),
)
"""What each asks for beside the words it is recognised by."""
REFUSED: Final = (404, 409, 412, 422)
MOST_ATTEMPTS: Final = 3


@dataclass(slots=True)
class Managers:
    """Each move is asked for in words of its own, and again where nothing was answered; `answers`
    are by these words, None for one that never was."""

    world: World
    answers: dict[str, int | None] = field(default_factory=dict)
    _request: dict[str, str] = field(default_factory=dict)
    """The id of the last attempt, by the words."""

    def move(self) -> None:
        """Somebody moves something that stands on the board, if anything does."""
        rng = self.world.rng
        seen = self._board()
        if not seen:
            return
        one, words = rng.choice(seen), f"words {len(self.answers)}"
        role = rng.choice(tuple(PEOPLE))
        action, asked = rng.choice(MOVES)
        told = {"reason": words} | asked
        stale = one.version > 1 and rng.random() < 0.1
        event = _asked(rng, role, one.intervention_id, action, told, one.version - stale)
        self.answers[words] = None
        self.world.counted["moves of managers"] += 1
        self._ask(words, event, 1)

    def _ask(self, words: str, event: dict[str, Any], attempt: int) -> None:
        """One attempt, as the person saw it first; each has an id of its own."""

        def ended(answer: Any, _: bool) -> None:
            status = answer["statusCode"] if answer else None
            self.answers[words] = status if status in (200, *REFUSED) else None
            if self.answers[words] is None and attempt < MOST_ATTEMPTS:
                after = self.world.seconds + self.world.rng.uniform(1, 60)
                self.world.at(after, lambda: self._ask(words, event, attempt + 1))

        self._request[words] = f"{words.replace(' ', '-')}.{attempt}"
        context = event["requestContext"] | {"requestId": self._request[words]}
        self.world.invoke("intervention_api", event | {"requestContext": context}, ended)

    def wrong(self) -> Iterator[str]:
        """Moves that were answered and are not there, that are there twice, or against the word."""
        written = [step.said for one in self._board() for step in one.steps]
        audited = {
            sk.partition("#")[2].rstrip("+")  # the second of two rows of one request ends so
            for pk, sk, _ in self.world.dynamo.all()
            if pk.startswith("AUDIT#")
        }
        for words, status in self.answers.items():
            times = sum(said.split("; ")[0] == words for said in written)
            if status == 200 and times != 1:
                yield f"{words} was answered 200 and stands there {times} times"
            if status == 200 and self._request[words] not in audited:
                yield f"{words} was answered 200 and nobody wrote down who asked"
            if status in REFUSED and times:
                yield f"{words} was answered {status} and stands there"
            if times > 1:
                yield f"{words} stands there {times} times"

    def _board(self) -> list[Intervention]:
        return [
            loaded(Intervention, item)
            for _, sk, item in self.world.dynamo.all()
            if sk.startswith("INTERVENTION#")
        ]


def _asked(
    rng: Random, role: str, of: str, action: str, told: dict[str, Any], version: int
) -> dict[str, Any]:
    """The HTTP API's event of a move, of somebody who is signed in."""
    claims = {
        "token_use": "access", "sub": "s", "username": rng.choice(PEOPLE[role]),
        "cognito:groups": f"[{role}]",
    }  # fmt: skip
    return {
        "rawPath": f"/api/interventions/{of}/{action}",
        "body": json.dumps(told),
        "headers": {
            HEADER: ENTRANCE,
            "content-type": "application/json",
            "if-match": f'"{version}"',
        },
        "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
    }
