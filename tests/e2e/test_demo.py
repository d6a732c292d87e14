"""The demonstration that people give and `make demo-video` films: every scene can be played."""

import pytest
from playwright.sync_api import Page

from infra_cdk.demo.player import MANAGER, Player
from infra_cdk.demo.script import SCENES
from infra_cdk.local.stack import LocalStack
from tests.e2e.dashboard import IN_BROWSER, missed, profile, sessions
from tests.e2e.marketplace import Marketplace, completed

pytestmark = IN_BROWSER

TUTOR = "t-demo"
"""Of its own: what the demonstration does to an intervention, other tests would find done."""


@pytest.fixture
def player(page: Page, stack: LocalStack, marketplace: Marketplace) -> Player:
    marketplace.deliver(
        [
            *profile(TUTOR, "Mary Somerville", baseline_sessions_per_week=20, subjects=["Latin"]),
            *sessions(
                *(completed(f"m-low-{n}", TUTOR, 56 * n + 5, student_rating=2) for n in range(16)),
                completed("m-first", TUTOR, 60, session_number=1, student_rating=1),
                *(missed(n, TUTOR, "m-missed") for n in range(3)),
            ),
        ]
    )
    marketplace.drain()
    marketplace.eventually(
        lambda: [
            task
            for task in marketplace.get(f"/api/tutors/{TUTOR}")["interventions"]
            if task["owner"] == "people_ops"
        ]
    )
    marketplace.invoke("summarize_platform")
    return Player(page, stack.folder, pace=0, about=TUTOR)


def test_every_scene_can_be_played_and_leaves_the_quiet_tutor_as_quiet(player: Player) -> None:
    path = f"/api/tutors/{player.calm['tutor_id']}/scores"
    before = player.get(path)["churn_score"]

    for scene in SCENES:
        scene.play(player)

    assert player.get(path)["churn_score"] == before
    assert player.mail_about(player.calm["name"], MANAGER)
