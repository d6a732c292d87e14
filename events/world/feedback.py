"""Feedback: what students say in the form after a session."""

import numpy as np

from events.world.column import Column, choice, hundredths, identifier, instant, pair, truth, whole
from events.world.session import Session
from events.world.state import Trait
from events.world.world import SYNTHETIC_PREFIX, Stream, generator

CATEGORIES = ("subject_knowledge", "communication", "patience", "engagement", "helpfulness")
CATEGORY_SHIFT = np.array([0.25, 0.0, 0.10, -0.10, 0.05])
AREAS = ("punctuality", "preparation", "clarity", "pace", "engagement", "patience")
COMMENTS = (
    (
        "Not what we hoped for.",
        "Seemed unprepared and in a hurry.",
        "Came late and looked distracted.",
        "Hard to follow, we did not get far.",
    ),
    (
        "Okay, but a bit rushed.",
        "Knows the subject but seemed distracted.",
        "Fine, could explain more slowly.",
        "Good start, more practice next time please.",
    ),
    (
        "Great session, very helpful!",
        "Explains clearly and is patient.",
        "It finally makes sense, thank you.",
        "Kind, prepared and on time.",
    ),
)
COMMENTED = 0.35


def feedback_columns(sessions: Session, trait: Trait, seed: int) -> list[Column]:
    """The columns of `feedback.csv`: one row for each form, by time of submission.

    Several improvement areas are joined by `;`.
    """
    rng = generator(seed, Stream.FEEDBACK)
    row = np.flatnonzero(sessions.feedback)
    row = row[np.argsort(sessions.rated[row], kind="stable")]
    count = len(row)
    overall = sessions.rating[row] // 100
    skill = trait.skill[sessions.tutor[row]] - 1
    first = sessions.number[row] == 1
    mood = rng.normal(0.0, 0.55, (len(CATEGORIES), count)) + CATEGORY_SHIFT[:, None]
    mood[0] += 0.3 * skill
    marks = np.round(overall + mood).clip(1, 5).astype(np.int64)
    recommends = rng.random(count) < np.array([0.0, 0.03, 0.10, 0.45, 0.90, 0.99])[overall]
    area_pairs = ["", *AREAS, *(f"{a};{b}" for a in AREAS for b in AREAS if a < b)]
    criticises = rng.random(count) < np.where(overall <= 3, 0.85, 0.12)
    areas = np.where(criticises, rng.integers(1, len(area_pairs), count), 0)
    tone = np.array([0, 0, 0, 1, 2, 2])[overall] * len(COMMENTS[0])
    comments = [text for texts in COMMENTS for text in texts]
    said = tone + rng.integers(0, len(COMMENTS[0]), count)
    return [
        identifier("feedback_id", f"{SYNTHETIC_PREFIX}f-", np.arange(count)),
        identifier("session_id", f"{SYNTHETIC_PREFIX}s-", row),
        pair("student_id", f"{SYNTHETIC_PREFIX}u-", sessions.tutor[row], sessions.student[row]),
        identifier("tutor_id", f"{SYNTHETIC_PREFIX}t-", sessions.tutor[row]),
        hundredths("overall_rating", overall * 100),
        *(whole(f"ratings_{name}", marks[place]) for place, name in enumerate(CATEGORIES)),
        truth("would_recommend", recommends, first),
        choice("improvement_areas", area_pairs, areas),
        choice("free_text", comments, said, rng.random(count) < COMMENTED),
        instant("submitted_at", sessions.rated[row]),
    ]
