"""Who may sign in on the local stage without being made first."""

from collections.abc import Mapping
from typing import Final

LOCAL_PASSWORD: Final = "Local-stage-1!"
"""Everybody's: whoever reaches the loopback may be anybody here."""
READY_MADE: Final[Mapping[str, str]] = {
    "local-ops_manager": "Operations manager: everything on tutors, interventions, settings",
    "local-people_ops": "People operations: tutors and interventions",
    "local-admin": "Administrator: settings",
    "local-tutor": "A tutor, who sees nothing of this site",
    "local-student": "A student, who sees nothing of this site",
}
"""Who may be chosen on the local sign-in page, by user name."""
