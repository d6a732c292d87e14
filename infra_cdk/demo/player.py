"""Plays scenes in a browser against a running local stack, at the pace of people or at once."""

import email
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final

import urllib3
from playwright.sync_api import Locator, Page

from infra_cdk.demo import card
from infra_cdk.local.browser import choose
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.sign_in import MAIL_DOMAIN, access_token
from shared.signature import sign

MANAGER: Final = "local-ops_manager"
PEOPLE: Final = "local-people_ops"
PATIENCE_SECONDS: Final = 60.0
WORST: Final = 8
"""As many as Home shows of those at risk."""
_CARD: Final = "/demonstration"
_MARK: Final = """el => {
  const block = el.offsetHeight > innerHeight ? "start" : "center";
  el.scrollIntoView({behavior: "smooth", block});
  el.style.outline = "3px solid #d97706"; el.style.outlineOffset = "3px";
}"""
_DRAWN: Final = """() => new Promise(
  done => requestAnimationFrame(() => requestAnimationFrame(done)))"""
_UNMARK: Final = "el => { el.style.outline = ''; el.style.outlineOffset = ''; }"


@dataclass(slots=True)
class Player:
    """One page, the stack behind it, and whom the story is about."""

    page: Page
    folder: Folder
    pace: float
    """1 as people read, 0 without any waiting."""
    about: str = ""
    """The tutor in trouble whom the story is to be about; else the worst who will do."""
    cue: Callable[[], None] | None = None
    """Called once, as soon as there is something of a scene to be seen."""
    deployed: Deployed = field(init=False)
    at_risk: dict[str, Any] = field(init=False)
    """The row of the tutor in trouble."""
    calm: dict[str, Any] = field(init=False)
    """The row of the tutor about whom a session is reported."""
    task: dict[str, Any] = field(init=False)
    """What waits to be done for the tutor in trouble."""
    session: dict[str, Any] = field(init=False)
    """The report that is posted."""

    def __post_init__(self) -> None:
        self.deployed = Deployed.read(self.folder.deployed)
        worst = self.get(f"/api/tutors?risk=critical,high&status=active&limit={WORST}")["items"]
        ids = "&tutor_id=".join(row["tutor_id"] for row in worst)
        waiting = {
            task["tutor_id"]: task
            for task in self.get(f"/api/interventions?status=pending&limit=200&tutor_id={ids}")[
                "items"
            ]
            if task["owner"] == "people_ops"
        }
        told = [row for row in worst if row["tutor_id"] in waiting]
        told = [row for row in told if self.about in ("", row["tutor_id"])]
        if not told:
            raise SystemExit(
                f"No intervention of people operations is pending for {self.about or 'anybody'} "
                f"among the {WORST} at highest risk; `make run FRESH=1` begins anew."
            )
        # Rather one whom the model predicts: who is silent already has no chance to leave.
        self.at_risk = next((row for row in told if row["probabilities"]["30d"]), told[0])
        self.task = waiting[self.at_risk["tutor_id"]]
        calmest = self.get("/api/tutors?sort=churn_score&order=asc&status=active&limit=50")["items"]
        self.calm = next(row for row in calmest if not row["flags"] and row["sessions"] > 0)

    def begin(self) -> None:
        """From now on people see the scene; what was fetched for it before is no part of it."""
        cue, self.cue = self.cue, None
        if cue:
            self.page.evaluate(_DRAWN)  # a page that has loaded may not have been drawn yet
            cue()

    def rest(self, seconds: float) -> None:
        """Let people read; the page goes on meanwhile."""
        self.begin()
        if self.pace:
            self.page.wait_for_timeout(1000 * seconds * self.pace)

    def look_at(self, place: Locator, seconds: float) -> None:
        """Bring a part of the page into view and draw a line around it for a while."""
        place.wait_for()
        place.evaluate(_MARK)
        self.rest(seconds)
        place.evaluate(_UNMARK)

    def settle(self, button: Locator) -> None:
        """Click what changes an intervention, and wait until that is stored."""
        with self.page.expect_response("**/api/interventions/**") as stored:
            button.click()
        if not stored.value.ok:
            raise SystemExit(f"It was answered {stored.value.status}: {stored.value.text()}")

    def show(self, html: str) -> None:
        """A page of the demonstration itself; of the site's origin, so that nothing flashes."""
        self.page.route(
            f"**{_CARD}", lambda route: route.fulfill(body=html, content_type="text/html"), times=1
        )
        self.page.goto(_CARD)
        self.begin()

    def become(self, who: str, at: str) -> None:
        """Sign in as somebody else, on a page."""
        self.page.evaluate("sessionStorage.clear()")
        self.page.context.clear_cookies()
        self.page.goto(at)
        self.page.get_by_role("button", name=who).wait_for()
        self.rest(1)
        choose(self.page, who)

    def part(self, title: str) -> Locator:
        """A titled part of the page that is open."""
        return self.page.get_by_role("region", name=title)

    def get(self, path: str, *, role: str = "ops_manager", user: str | None = None) -> Any:
        """What the API answers somebody; the status where that is no 200."""
        token = access_token(self.deployed, role, user=user)
        answer = urllib3.request(
            "GET", self.deployed.front_door + path,
            headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        return answer.json() if answer.status == 200 else answer.status

    def report(self, changes: dict[str, Any]) -> card.Exchange:
        """Post the session with changes, signed, as Rails would."""
        self.session |= changes | {"version": self.session.get("version", 0) + 1}
        body = json.dumps(self.session).encode()
        webhook_id = f"{self.session['session_id']}.{self.session['version']}"
        seconds = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(self.deployed.webhook_secret, webhook_id, seconds, body),
        }
        began = time.monotonic()
        answer = urllib3.request(
            "POST", f"{self.deployed.front_door}/api/sessions",
            body=body, headers=headers, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        taken = time.monotonic() - began
        return card.Exchange(headers, self.session, answer.status, answer.json(), taken)

    def score_moves(self, before: float) -> float:
        """Wait until the calm tutor's score is another; the seconds that took."""
        path = f"/api/tutors/{self.calm['tutor_id']}/scores"
        began = time.monotonic()
        self.eventually(lambda: self.get(path)["churn_score"] != before)
        return time.monotonic() - began

    def eventually[T](self, look: Callable[[], T | None]) -> T:
        """What `look` finds, as soon as it finds something."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            self.page.wait_for_timeout(250)
        raise SystemExit(f"The local stack took more than {PATIENCE_SECONDS:g} s; is it busy?")

    def mail_about(self, tutor: str, to: str) -> EmailMessage | None:
        """The newest mail to one of the staff with a tutor's name in its subject."""
        for file in sorted(self.folder.mail.glob("*.eml"), reverse=True)[:200]:
            mail = email.message_from_bytes(file.read_bytes(), policy=default)
            if mail["to"] == f"{to}@{MAIL_DOMAIN}" and tutor in mail["subject"]:
                return mail
        return None


def missed_session(tutor_id: str, now: datetime) -> dict[str, Any]:
    """A first session of an hour ago, to which the tutor did not come."""
    at = (now - timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    return {
        "session_id": f"demo-{now:%Y%m%dT%H%M%S}",
        "tutor_id": tutor_id,
        "student_id": "demo-student",
        "scheduled_time": at.isoformat(),
        "status": "no_show",
        "no_show_party": "tutor",
        "session_number": 1,
    }


def now() -> datetime:
    return datetime.now(UTC)
