"""The script: every scene with what people read, what is done, and how long it is to be seen.

`make demo-video` plays and records it; docs/demo.md is printed from it for whoever gives the
demonstration by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Locator, expect

from infra_cdk.demo import card
from infra_cdk.demo.player import MANAGER, PEOPLE, Player, missed_session, now
from infra_cdk.local.browser import choose


@dataclass(frozen=True, slots=True)
class Scene:
    """One row of the script."""

    title: str
    caption: str
    """Says without sound what is to be seen."""
    done: str
    """What whoever gives it by hand does."""
    seconds: float
    play: Callable[[Player], None]


def _opening(player: Player) -> None:
    player.show(
        card.title(
            "Tutor Quality",
            "Which tutors are in trouble, why, and what to do about it: within the hour after each "
            "session. Five minutes of an operations manager’s morning.",
        )
    )


def _sign_in(player: Player) -> None:
    page = player.page
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=MANAGER).wait_for()
    player.rest(2)
    choose(page, MANAGER)
    page.get_by_role("heading", name="Tutor health").wait_for()


def _standing(player: Player) -> None:
    player.look_at(player.page.locator("main dl").first, 11)


def _queue(player: Player) -> None:
    rows = player.part("Tutors at risk").get_by_role("listitem")
    player.look_at(rows.first, 6)
    player.look_at(rows.filter(has_text=player.at_risk["name"]), 5)
    player.page.get_by_role("link", name=player.at_risk["name"]).first.click()
    player.page.get_by_role("heading", name=player.at_risk["name"], level=1).wait_for()


def _score(player: Player) -> None:
    player.look_at(player.part("Churn score").first, 14)


def _evidence(player: Player) -> None:
    flags = player.part("Flags")
    player.look_at(flags.get_by_role("listitem").first, 9)
    evidence = flags.locator("a[href*='#session-']").first
    if evidence.count():  # there is none where flags rest on silence
        evidence.click()
        player.rest(5)


def _chances(player: Player) -> None:
    player.look_at(player.part("Chance to leave").first, 15)


def _rates(player: Player) -> None:
    player.look_at(player.part("Performance").first, 10)


def _assign(player: Player) -> None:
    page = player.page
    tasks = player.part("Interventions")
    task = tasks.get_by_role("listitem").filter(has_text=player.task["title"]).first
    player.look_at(task, 4)
    task.get_by_role("button", name="What to do with").click()
    player.rest(1.5)
    page.get_by_role("menuitem", name="Assign to…").click()
    page.get_by_role("combobox", name="Whom to give it to").click()
    player.rest(1.5)
    page.get_by_role("option", name=PEOPLE).click()
    player.rest(1)
    player.settle(page.get_by_role("button", name="Assign", exact=True))
    expect(task).to_contain_text(PEOPLE)


def _people_operations(player: Player) -> None:
    page = player.page
    player.become(PEOPLE, "/interventions?owner=people_ops")
    task = _listed_task(player)
    player.look_at(task, 6)
    task.get_by_role("button", name="What to do with").click()
    player.rest(1.5)
    player.settle(page.get_by_role("menuitem", name="Start", exact=True))
    expect(task).to_contain_text("In progress")


def _listed_task(player: Player) -> Locator:
    """The intervention of the story in the list of all."""
    tasks = player.page.get_by_role("main").get_by_role("listitem")
    return tasks.filter(has_text=player.at_risk["name"]).filter(has_text=player.task["title"]).first


def _verdict(player: Player) -> None:
    page, task = player.page, _listed_task(player)
    player.look_at(task, 1)
    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Was this right?").click()
    page.get_by_label("Why (optional)").fill("Talked on the phone: overworked, wants fewer hours.")
    player.rest(5)
    player.settle(page.get_by_role("button", name="Save the verdict"))
    expect(task).to_contain_text("Useful")


def _before(player: Player) -> None:
    player.become(MANAGER, f"/tutors/{player.calm['tutor_id']}")
    player.look_at(player.part("Churn score").first, 5)


def _webhook(player: Player) -> None:
    player.session = missed_session(player.calm["tutor_id"], now())
    posted = player.report({})
    player.show(card.exchange(posted))


def _seconds_later(player: Player) -> None:
    player.score_moves(player.calm["churn_score"])
    player.page.goto(f"/tutors/{player.calm['tutor_id']}")
    player.look_at(player.part("Churn score").first, 6)
    player.look_at(player.part("Flags").get_by_role("listitem").first, 6)


def _mail(player: Player) -> None:
    told = player.eventually(lambda: player.mail_about(player.calm["name"], MANAGER))
    html = told.get_body(("html",))
    player.show(card.mail(told["subject"], told["to"], html.get_content() if html else ""))
    player.rest(8)
    body = player.page.frame_locator("iframe").locator("body")
    body.evaluate("() => scrollTo({top: 430, behavior: 'smooth'})")


def _taken_back(player: Player) -> None:
    worse = player.get(f"/api/tutors/{player.calm['tutor_id']}/scores")["churn_score"]
    player.report({"status": "voided"})
    player.score_moves(worse)
    player.page.goto(f"/tutors/{player.calm['tutor_id']}")
    player.look_at(player.part("Churn score").first, 9)


def _model(player: Player) -> None:
    page = player.page
    page.get_by_role("link", name="Model").first.click()
    page.get_by_role("heading", name="Churn model").wait_for()
    player.rest(8)
    player.look_at(player.part("What the gate decided"), 5)


def _effects(player: Player) -> None:
    player.look_at(player.part("What interventions do"), 9)


def _what_if(player: Player) -> None:
    page = player.page
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("heading", name="Settings").wait_for()
    dial = page.get_by_label("Reschedule rate")
    player.look_at(dial, 3)
    dial.fill("20")
    player.rest(1.5)
    preview = page.get_by_role("region", name="What this would do")
    preview.get_by_role("button", name="Preview").click()
    expect(preview).to_contain_text("Asked of", timeout=30_000)
    player.look_at(preview, 9)


HIDDEN: Final = {
    "churn_score": "Churn score",
    "churn_score_components": "Its parts",
    "risk_level": "Risk level",
    "flags": "Flags and what they rest on",
    "prediction": "Chance to leave",
    "interventions": "Interventions, and what was said in them",
    "overrides": "Overrides by managers",
}


def _tutor(player: Player) -> None:
    tutor_id = player.at_risk["tutor_id"]
    whole = player.get(f"/api/tutors/{tutor_id}")
    own = player.get(f"/api/tutors/{tutor_id}", role="tutor", user=tutor_id)
    month = own["windows"]["30d"]
    told = {
        "Tier": own["tier"],
        "Sessions in 30 days": month["sessions"],
        "Moved by you": month["tutor_reschedules"],
        "Missed by you": month["tutor_no_shows"],
        "Answered within, minutes": month["response_minutes_p50"],
        "What students gave": _stars(own["stars"]),
        "What students say": "without names",
    }
    hidden = [title for name, title in HIDDEN.items() if name in whole and name not in own]
    known = {name: value for name, value in told.items() if value is not None}
    player.show(card.two_answers(player.at_risk["name"], known, hidden))


def _stars(groups: Sequence[dict[str, Any]]) -> str:
    """Of the newest months that may be told of."""
    if not groups:
        return "told once five of them gave stars"
    newest = groups[0]
    return f"{newest['overall_rating']} of 5, by {newest['students']} of them"


def _end(player: Player) -> None:
    player.show(
        card.title(
            "make run",
            "brings all of this to your machine, without Docker or an AWS account. The same stack "
            "goes to AWS. README.md says where to begin.",
        )
    )


SCENES: Final[Sequence[Scene]] = (
    Scene(
        "What this is",
        "All tutors and students here are made up. Everything runs on one machine.",
        "Say what the product is for. `make run` has been up for some minutes.",
        7, _opening,
    ),
    Scene(
        "Signing in",
        "Staff sign in with their work account; what they may see follows from their role.",
        "Open the address that `make run` printed, *Sign in*, choose `local-ops_manager`.",
        8, _sign_in,
    ),
    Scene(
        "How it stands",
        "Five numbers and their last 30 days. The last one is the promise: from a report to its "
        "score within the hour.",
        "Home. Point at the five numbers.",
        14, _standing,
    ),
    Scene(
        "Who needs attention",
        "Highest risk first, each with the reasons in words and what is recommended. The first "
        "minute of the day goes to these.",
        "Read out one row of *Tutors at risk*, then open the tutor of whom an intervention waits.",
        14, _queue,
    ),
    Scene(
        "Why this tutor",
        "The churn score is a sum that can be checked: seven parts and what patterns add. No black "
        "box decides who is called.",
        "Point at the parts of *Churn score* and their sum.",
        17, _score,
    ),
    Scene(
        "Evidence",
        "Each flag says how sure it is, since when, what clears it, and the very sessions it rests "
        "on. One click shows the session.",
        "Read out a flag; click one of its sessions.",
        18, _evidence,
    ),
    Scene(
        "How likely, by when",
        "A model beside the score: the chance to leave within 1, 7, 30 and 90 days, what pushes "
        "it, and what came of tutors who were told the same.",
        "Point at *Chance to leave within* and the three reasons.",
        18, _chances,
    ),
    Scene(
        "Small samples",
        "Every rate stands with the number of sessions it rests on. Where that is small a flag is "
        "provisional: shown to staff, and no reason to mail anybody.",
        "Scroll to *Performance*.",
        12, _rates,
    ),
    Scene(
        "Giving it to somebody",
        "The rules opened an intervention. The manager gives it to people operations; its clock "
        "counts their business hours.",
        "*Interventions*, *What to do with…*, *Assign to…*, `local-people_ops`, *Assign*.",
        16, _assign,
    ),
    Scene(
        "People operations",
        "Their own queue, next deadline first, each line with its reason. Somebody starts; whoever "
        "is late is told once.",
        "Sign out, sign in as `local-people_ops`, *Interventions*; *What to do with…*, *Start*.",
        18, _people_operations,
    ),
    Scene(
        "Was this right?",
        "A verdict after the talk. Verdicts add up to how precise each rule is, and are kept with "
        "who said it and when.",
        "*What to do with…*, *Was this right?*, a sentence, *Save the verdict*.",
        12, _verdict,
    ),
    Scene(
        "A quiet tutor",
        "Back to the manager, and to somebody about whom there is nothing to say. Remember the "
        "score.",
        "Sign in as `local-ops_manager` again and open a tutor of low risk without flags.",
        9, _before,
    ),
    Scene(
        "Rails reports a session",
        "The tutor did not come to a student’s first session. Rails posts that, signed; it is kept "
        "before it is answered.",
        "Post a no-show of that tutor with `examples/rails/bin/post`; show request and answer.",
        15, _webhook,
    ),
    Scene(
        "Seconds later",
        "Score, flag and evidence have followed. No nightly batch: each report scores its tutor "
        "at once.",
        "Reload the tutor’s page. Point at the score, then at the new flag.",
        17, _seconds_later,
    ),
    Scene(
        "The mail that goes out",
        "Each manager gets a report of the session with what it changed, and can choose to hear "
        "of changes only. No student is named in it.",
        "Open the newest file of `.local/mail`.",
        15, _mail,
    ),
    Scene(
        "Taken back",
        "Rails corrects itself: the session was a mistake. A newer version retracts it, and every "
        "number is what it was.",
        "Post the same session with the next `version` and `status` `voided`; reload.",
        14, _taken_back,
    ),
    Scene(
        "How far to trust the model",
        "What was predicted beside what came, on tutors and days it never saw; beside it a "
        "one-line rule and the best any model could do.",
        "*Model*. Point at the reliability and at the table of measures, then at the gate.",
        18, _model,
    ),
    Scene(
        "Does it help?",
        "A tenth of the automatic interventions is held out at random, to compare with. Of a world "
        "this young the page says that there is not enough data, and no more.",
        "Scroll to *What interventions do*.",
        11, _effects,
    ),
    Scene(
        "What if",
        "Before a threshold is moved: what it would have brought over the last 30 nights, in "
        "flags, interventions and hours, asked of as many tutors as twelve seconds allow.",
        "*Settings*, *Reschedule rate* to 20 %, *Preview*. Do not save.",
        23, _what_if,
    ),
    Scene(
        "What a tutor sees",
        "Tier and their own numbers, so that they can get better. Never a churn score, a flag, a "
        "note or anybody else.",
        "`make token ROLE=tutor TUTOR=…` and ask `/api/tutors/…` with it.",
        16, _tutor,
    ),
    Scene(
        "Try it",
        "Costs, roadmap and how AI is used are in docs/cost.md, docs/roadmap.md and docs/ai.md.",
        "Questions.",
        8, _end,
    ),
)  # fmt: skip
