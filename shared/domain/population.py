"""Whom a model learns from: never from a mixture of real and synthetic tutors unnoticed."""

from collections.abc import Sequence
from dataclasses import dataclass

SYNTHETIC = "syn-"
"""How the ids of synthetic tutors begin."""


@dataclass(frozen=True, slots=True)
class Population:
    """The tutors that are learnt from, and a sentence on who they are."""

    tutor_ids: tuple[str, ...]
    about: str


def population(tutor_ids: Sequence[str], enough_real: int) -> Population:
    """The real tutors alone as soon as there are enough; until then all there are."""
    real = tuple(each for each in tutor_ids if not each.startswith(SYNTHETIC))
    synthetic = len(tutor_ids) - len(real)
    if not synthetic:
        return Population(real, f"Learnt from {len(real)} tutors, none of them synthetic.")
    if len(real) >= enough_real:
        left_out = f"{synthetic} synthetic ones were left out"
        return Population(real, f"Learnt from {len(real)} real tutors; {left_out}.")
    return Population(
        tuple(tutor_ids),
        f"Learnt from {len(real)} real and {synthetic} synthetic tutors together, because there "
        f"are fewer than {enough_real} real ones.",
    )
