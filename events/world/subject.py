"""What is taught: three subject groups that lose tutors at different rates (PRD, decision 1)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SubjectGroup:
    """A group of subjects; multipliers and shifts are relative to the ordinary tutor."""

    name: str
    subjects: tuple[str, ...]
    share: float
    monthly_churn: float
    reschedule_factor: float
    mismatch_factor: float
    first_rating_shift: float
    rating_spread: float


# The shares make the marketplace lose 11.9 % a month, the PRD's 12 % baseline.
GROUPS = (
    SubjectGroup(
        "STEM",
        ("Mathematics", "Physics", "Chemistry", "Biology", "Computer Science"),
        share=0.30,
        monthly_churn=0.08,
        reschedule_factor=1.25,
        mismatch_factor=0.85,
        first_rating_shift=-0.20,
        rating_spread=0.40,
    ),
    SubjectGroup(
        "Language",
        ("English", "Writing", "Spanish", "French"),
        share=0.35,
        monthly_churn=0.12,
        reschedule_factor=0.90,
        mismatch_factor=1.50,
        first_rating_shift=-0.35,
        rating_spread=0.40,
    ),
    SubjectGroup(
        "Test prep",
        ("SAT", "ACT", "GRE", "GMAT"),
        share=0.35,
        monthly_churn=0.15,
        reschedule_factor=0.90,
        mismatch_factor=0.85,
        first_rating_shift=-0.20,
        rating_spread=0.55,
    ),
)
SUBJECTS = tuple(subject for group in GROUPS for subject in group.subjects)
