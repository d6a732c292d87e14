"""A field of the profile that was emptied when tutors left foretells the past alone."""

from dataclasses import replace

import numpy as np
import pytest

from shared.domain.tutor import Tutor
from shared.ml.features import Space, features
from shared.ml.hindsight import told_by_leaving
from shared.ml.ledger import PROFILE, Ledger, microseconds
from tests.builders import AS_OF, ago, completed, log, tutor

NOW = microseconds(AS_OF)


def platform(gone: Tutor, here: Tutor, each: int = 30) -> dict[str, Ledger]:
    """As many who left two months ago as are still at work."""
    logs = [log(completed(ago(days)), of=of) for days, of in ((60, gone), (1, here))]
    return {
        f"t-{place}-{number}": replace(Ledger.of(told), tutor_id=f"t-{place}-{number}")
        for place, told in enumerate(logs)
        for number in range(each)
    }


def known(**of: object) -> Tutor:
    """A tutor of whom the whole profile is known, but for what is given."""
    return tutor(**({"subjects": ("French",), "baseline_sessions_per_week": 10.0} | of))  # type: ignore[arg-type]


# fmt: off
EMPTIED = [
    pytest.param({"onboarding_date": None}, ("onboarded",), id="when they came"),
    pytest.param({"subjects": ()}, ("subjects",), id="subjects"),
    pytest.param({"baseline_sessions_per_week": 0.0}, ("agreed_per_week",), id="agreed sessions"),
    pytest.param({}, (), id="nothing"),
]
# fmt: on


@pytest.mark.parametrize(("emptied", "found"), EMPTIED)
def test_what_was_emptied_of_leavers_is_found(
    emptied: dict[str, object], found: tuple[str, ...]
) -> None:
    assert told_by_leaving(platform(known(**emptied), known()), NOW) == found


def test_what_was_filled_in_for_those_who_stayed_is_found_too() -> None:
    nothing = Tutor("t-1")

    assert told_by_leaving(platform(nothing, known()), NOW) == PROFILE


def test_a_platform_that_knows_no_profile_hides_nothing() -> None:
    assert told_by_leaving(platform(Tutor("t-1"), Tutor("t-1")), NOW) == ()


def test_three_tutors_may_differ_by_chance() -> None:
    assert told_by_leaving(platform(Tutor("t-1"), known(), each=3), NOW) == ()


def test_a_model_blind_to_a_field_sees_nothing_of_it() -> None:
    """Neither its columns nor those that stand in where it is unknown tell the tutors apart."""
    ledgers = platform(known(onboarding_date=None), known(onboarding_date=ago(100)))
    space = Space.of(ledgers.values(), blind_to=("onboarded",))
    told = {one.name: place for place, one in enumerate(space.features)}
    names = [told[name] for name in ("tenure_days", "is_new", "seen_days")]

    left, stayed = (
        features(ledgers[name], np.array([microseconds(ago(0.5))]), space)[0, names]
        for name in ("t-0-1", "t-1-1")
    )

    assert np.isnan(left).tolist() == np.isnan(stayed).tolist() == [True, True, False]
