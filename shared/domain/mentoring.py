"""Who could mentor whom: an exemplary tutor of the same subject with room for one more."""

from collections.abc import Iterable, Mapping

from shared.domain.tier import Tier
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

MOST_MENTEES = 2


def mentor(
    subjects: Iterable[str], mentee_id: str, tutors: Iterable[TutorRow], mentees: Mapping[str, int]
) -> str | None:
    """The tutor to propose, None if there is nobody.

    `mentees` says how many each mentor has already. Of those in the highest tier at work who teach
    one of the subjects: the one with fewest mentees, then the lowest churn score, then the most
    sessions; ties by id, so that the same is proposed again.
    """
    wanted = set(subjects)
    able = (
        row
        for row in tutors
        if row.tier == Tier.EXEMPLARY
        and row.status == TutorStatus.ACTIVE
        and row.tutor_id != mentee_id
        and wanted.intersection(row.subjects)
        and mentees.get(row.tutor_id, 0) < MOST_MENTEES
    )
    best = min(
        able,
        key=lambda row: (
            mentees.get(row.tutor_id, 0),
            row.churn_score,
            -row.sessions,
            row.tutor_id,
        ),
        default=None,
    )
    return best.tutor_id if best else None
