"""What tutors are offered by mail: tips by topic, warm and concrete, never a judgement."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shared.domain.intervention_rule import PERFORMANCE_FLAGS


@dataclass(frozen=True, slots=True)
class Tip:
    """One thing to try next time: what, and how, where that needs saying."""

    what: str
    how: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is offered on a topic: how it is introduced, and three or four tips."""

    title: str
    opening: str
    tips: tuple[Tip, ...]


ADVICE: Mapping[str, Advice] = {
    "first sessions": Advice(
        "First sessions that work",
        "The first hour with a new student sets the tone for all that follow. These habits help "
        "most tutors to start well.",
        (
            Tip("Be there a few minutes early",
                "Open the room, test sound and screen, and greet the student by name."),
            Tip("Ask before you teach",
                "What is the goal, what is hard right now, and what has helped before?"),
            Tip("Find an early win",
                "Solve one thing together that the student could not do before the session."),
            Tip("End with a plan",
                "Sum up what was learned and agree on the topic and the time of the next one."),
        ),
    ),
    "ratings": Advice(
        "Sessions students love",
        "Small changes in how a session feels often make the biggest difference to a student.",
        (
            Tip("Agree on one goal at the start",
                "Ask what would make this session worth it, and come back to it at the end."),
            Tip("Let the student do the talking",
                "Ask them to explain each step aloud, and wait a little longer for the answer."),
            Tip("Check in halfway",
                "Is the pace right? It takes a moment and shows that you care."),
            Tip("Praise the effort, not the talent",
                "Name what went well and why. It builds confidence."),
        ),
    ),
    "learning objectives": Advice(
        "Reaching the goal of each session",
        "Sessions feel most rewarding when student and tutor can both see what was achieved.",
        (
            Tip("Write the objective down",
                "One sentence at the top of the board that the student can say in their words."),
            Tip("Make it smaller",
                "A goal that fits into the hour beats a chapter that does not."),
            Tip("Keep the last ten minutes free",
                "Let the student show what they can do now, without help."),
            Tip("Carry over what is left",
                "Note it for next time, so that nothing is lost and both of you know."),
        ),
    ),
    "engagement": Advice(
        "Staying close between sessions",
        "A little contact between sessions keeps students motivated, and makes each session "
        "easier to begin.",
        (
            Tip("Answer messages the same day",
                "A short line is enough: students mostly want to know that you have seen it."),
            Tip("Prepare for a quarter of an hour",
                "Look at the notes of last time and pick two exercises that fit."),
            Tip("Keep your hours up to date",
                "Students book more often where they see times that suit them."),
        ),
    ),
}  # fmt: skip
"""By the topics of `PERFORMANCE_FLAGS`; a test says that none is missing."""


def topics(confirmed: Collection[str]) -> tuple[str, ...]:
    """What coaching tips are about, by a tutor's confirmed flags; the most important first."""
    found = (topic for code, topic in PERFORMANCE_FLAGS.items() if code in confirmed)
    return tuple(dict.fromkeys(found))
