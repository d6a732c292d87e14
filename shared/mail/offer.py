"""What the mails to tutors say: one offer each, in a frame that all share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.mail import MailKind
from shared.mail import phrase, sentence
from shared.mail.advice import ADVICE, Tip

MOST_SUBJECT_NAME = 40
"""Characters of the name of what a tutor teaches."""


@dataclass(frozen=True, slots=True)
class TutorFacts:
    """All that a mail to a tutor may know of them: what it offers, never why it was sent.

    `topics` are keys of ADVICE, the most important first; `sessions_at` is when first sessions
    began, `subject` what they teach.
    """

    topics: tuple[str, ...] = ()
    subject: str | None = None
    sessions_at: tuple[datetime, ...] = ()

    @property
    def teaches(self) -> str:
        """What they teach, fit for a sentence; empty where that is not known."""
        return phrase.plain(self.subject or "", MOST_SUBJECT_NAME)


@dataclass(frozen=True, slots=True)
class Offer:
    """The words of one mail in the order in which they are read.

    `subject` and `preview` are what a list of mails shows, `button` writes to us.
    """

    subject: str
    preview: str
    title: str
    opening: str
    points: tuple[Tip, ...]
    closing: tuple[str, ...]
    button: str
    heading: str = ""


def offer(kind: MailKind, facts: TutorFacts, zone: str) -> Offer:
    """What a mail of a kind says, times in a zone; ValueError for a kind tutors do not get."""
    if kind not in OFFERS:
        raise ValueError(f"{kind} does not go to tutors")
    return OFFERS[kind](facts, zone)


def _coaching_tips(facts: TutorFacts, zone: str) -> Offer:
    advice = ADVICE[next(iter(facts.topics), "ratings")]
    return Offer(
        subject=f"A few ideas for you: {phrase.lower(advice.title)}",
        preview=advice.opening,
        title=advice.title,
        opening=advice.opening,
        points=advice.tips,
        closing=(
            "Pick the one that appeals to you most and try it in your next session. One habit at "
            "a time is plenty.",
            "Thank you for all you do for your students.",
        ),
        button="Talk it over with us",
    )


def _training_module(facts: TutorFacts, zone: str) -> Offer:
    subject = facts.teaches or "your subject"
    return Offer(
        subject=f"Ideas for explaining {subject}",
        preview="Three things to try, and a training if you like.",
        title="Explaining it in more than one way",
        opening=f"Explaining {subject} in more than one way is a craft of its own, and even "
        "experienced tutors like to refresh it.",
        heading="Three things to try",
        points=(
            Tip("Find out first what the student already knows: let them explain it to you."),
            Tip("Pick the example from their own homework, not from the book."),
            Tip("When an explanation does not land, change its form: a picture, a number, a "
                "story."),
        ),
        closing=(
            "If the platform has a training for you that is still open, this is a good week for "
            "it. Is there a topic you would rather learn about? An answer to this mail is enough, "
            "we are glad to look for it.",
        ),
        button="Suggest a topic",
    )  # fmt: skip


def _check_in(facts: TutorFacts, zone: str) -> Offer:
    title = sentence.first_sessions_title(facts.sessions_at)
    met = sentence.first_sessions(facts.sessions_at, facts.teaches, zone)
    return Offer(
        subject=title,
        preview="Tell us how it went: the good and the difficult.",
        title=title,
        opening=f"{met} We hope that everybody enjoyed it.",
        heading="A moment to look back",
        points=(
            Tip("What went well, and is worth doing again?"),
            Tip("Was anything harder than you expected?"),
            Tip("Do you know what the next session will be about?"),
        ),
        closing=(
            "If anything was difficult, tell us: we are happy to help, and the second session is "
            "the best moment to change something. A line or two in answer to this mail is enough.",
        ),
        button="Tell us how it went",
    )


def _reschedule_alert(facts: TutorFacts, zone: str) -> Offer:
    title = "Can we help with your schedule?"
    return Offer(
        subject=title,
        preview="We are happy to help with your timetable.",
        title=title,
        opening="We noticed that you have moved a few sessions lately. Life happens, and we would "
        "like to help you find hours that hold.",
        heading="What has helped other tutors",
        points=(
            Tip("Offer only the hours you are sure of: fewer is fine."),
            Tip("Leave a gap between sessions, so that one that runs over does not move the next."),
            Tip("Tell the student as early as you can, and propose the new time in the same "
                "message."),
        ),
        closing=(
            "Do your current hours no longer suit you? You can change them at any time, and we "
            "are happy to find new ones with you: an answer to this mail is enough.",
        ),
        button="Ask for help with your hours",
    )  # fmt: skip


OFFERS: Mapping[MailKind, Callable[[TutorFacts, str], Offer]] = {
    MailKind.COACHING_TIPS: _coaching_tips,
    MailKind.TRAINING_MODULE: _training_module,
    MailKind.FIRST_SESSION_CHECK_IN: _check_in,
    MailKind.RESCHEDULE_ALERT: _reschedule_alert,
}
