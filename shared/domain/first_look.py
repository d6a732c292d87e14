"""Where to look first while nobody has a task about a tutor: by flag, and at high risk."""

from collections.abc import Mapping, Sequence
from typing import Final

MOST_LOOKS = 2
"""Looks that are told: the first ones are the gravest, and nobody follows five."""

LOOKS: Final[Mapping[str, str]] = {
    "high_reschedule_rate": "Ask the tutor what keeps getting in the way of the hours they offer.",
    "reschedule_pattern": "See which of this week's sessions were moved, and whether the next ones "
    "will hold.",
    "high_no_show_rate": "Ask the tutor what happened at the sessions they missed.",
    "no_show_risk": "Make sure that the tutor knows of their next sessions and can hold them.",
    "poor_first_session": "Read the student's feedback on that first session, and ask the tutor "
    "how it went.",
    "low_first_session_success": "See what the first sessions that went wrong have in common.",
    "low_rating": "Read the feedback behind the last low ratings.",
    "disengaged": "Ask the tutor how they are, and what keeps them from preparing and answering.",
    "objectives_missed": "See which objectives were missed, and whether they fit into the hour.",
    "engagement_decline": "Ask the tutor whether something has changed: they come by less often.",
    "activity_drop": "Ask the tutor whether they want fewer sessions, or get fewer.",
    "gone_quiet": "Call the tutor: they may be about to leave, or on leave that nobody noted.",
}
"""By the codes of FLAG_RULES; a test says that none is missing."""
AT_HIGH_RISK: Final = "Look at what the churn score is made of, and ask the tutor how things are."


def first_looks(confirmed: Sequence[str], *, at_risk: bool) -> tuple[str, ...]:
    """What to look at now, the gravest first; nothing for who has neither a flag nor a high risk.

    `confirmed` are the codes of flags whose evidence is strong, in the order of FLAG_RULES.
    """
    looks = tuple(LOOKS[code] for code in confirmed[:MOST_LOOKS])
    return looks or ((AT_HIGH_RISK,) if at_risk else ())
