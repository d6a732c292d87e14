"""A second reading of CONTRACT 1-3: metrics by brute force with pandas, written without the domain.

Nothing of `shared` is imported here. Where the contract leaves a choice open, the
choice is said in the docstring of the function that makes it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from tests.properties.delivery import Delivery

WINDOWS = {"7d": 7, "30d": 30, "90d": 90}
LAST_RATED = 30


def metrics(deliveries: Sequence[Delivery], tutor_id: str, as_of: datetime) -> dict[str, Any]:
    """Per window the fields of CONTRACT 3, rates as (value, n), and the simple flags."""
    at = pd.Timestamp(as_of)
    sessions = session_frame(deliveries, tutor_id, at)
    outcomes = outcome_frame(sessions)
    events = event_frame(deliveries, tutor_id)
    rated = rated_frame(sessions)
    windows = {
        name: window(sessions, outcomes, events, rated, at, days) for name, days in WINDOWS.items()
    }
    past = rated[rated["rated_at"] <= at]
    last = past.sort_values(["rated_at", "session_id"]).tail(LAST_RATED)["rating"]
    last_30 = (float(last.mean()) if len(last) else None, len(last))
    return {
        "windows": windows,
        "rating_last_30": last_30,
        "flags": simple_flags(sessions, outcomes, windows["30d"], last_30, at),
    }


# --- what was reported ---------------------------------------------------------------------


def order_of(each: Delivery) -> tuple[bool, float, str]:
    """The place of a report: by version, else by receipt to the second.

    Choices: a report with a version is newer than any without, since a sender that has begun
    to count knows better; of two receipts in one second the greater webhook id is newer.
    """
    version = each.body.get("version")
    if version is not None:
        return (True, float(version), "")
    return (False, float(int(each.received_at.timestamp())), each.webhook_id)


def latest(deliveries: Sequence[Delivery]) -> Delivery:
    """The report with the highest place; among equals any, they are the same report."""
    return max(deliveries, key=order_of)


def time(text: str | None) -> pd.Timestamp:
    """An RFC 3339 instant in UTC, NaT when absent."""
    return pd.NaT if text is None else pd.Timestamp(text).tz_convert("UTC")  # type: ignore[return-value]


def session_frame(
    deliveries: Sequence[Delivery], tutor_id: str, at: pd.Timestamp
) -> list[dict[str, Any]]:
    """The sessions that belong to the tutor by their latest report, with every fact ever reported.

    A session moved to another tutor takes its facts along: it "counts for the new one only".
    """
    by_session: dict[str, list[Delivery]] = {}
    for each in deliveries:
        if each.kind == "sessions":
            by_session.setdefault(each.body["session_id"], []).append(each)
    feedback = feedback_by_session(deliveries, at)
    found = []
    for session_id, reports in by_session.items():
        now = latest(reports).body
        if now["tutor_id"] != tutor_id or now["status"] == "voided":
            continue
        found.append(
            {
                "session_id": session_id,
                "now": now,
                "facts": fact_list(reports),
                "feedback": feedback.get(session_id),
            }
        )
    return found


def fact_list(reports: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Every reschedule ever reported of a session, once per identity, with its outcome time.

    Choices: of several `requested_at` the earliest; a move nobody asked for in writing and
    heard of only after the session is of unknown notice, hence not late notice.
    """
    seen: dict[tuple[Any, ...], list[tuple[pd.Timestamp, pd.Timestamp]]] = {}
    for report in reports:
        info = report.body.get("reschedule_info")
        if info is None:
            continue
        identity = (info["initiator"], time(info["original_time"]), time(info["new_time"]))
        received = pd.Timestamp(report.received_at)
        seen.setdefault(identity, []).append((time(info.get("requested_at")), received))
    facts = []
    for (initiator, original, _), tellings in seen.items():
        asked = [requested for requested, _ in tellings if not pd.isna(requested)]
        received = min(receipt for _, receipt in tellings)
        happened = min(asked) if asked else min(original, received)
        told = bool(asked) or received < original
        short = original - happened < pd.Timedelta(hours=24)
        facts.append({"initiator": initiator, "at": happened, "late_notice": told and short})
    return facts


def feedback_by_session(
    deliveries: Sequence[Delivery], at: pd.Timestamp
) -> dict[str, list[dict[str, Any]]]:
    """What students said of each session by a moment: of each student the last submitted.

    Choices: a feedback is known from its submission, or from its receipt where the sender's
    clock ran ahead; a session rated by several students (a group) has their mean.
    """
    said: dict[str, dict[str, Delivery]] = {}
    by_id: dict[str, Delivery] = {}
    for each in deliveries:
        if each.kind == "feedback":
            by_id.setdefault(each.body["feedback_id"], each)
    for each in sorted(by_id.values(), key=_place):
        if min(time(each.body["submitted_at"]), pd.Timestamp(each.received_at)) <= at:
            said.setdefault(each.body["session_id"], {})[each.body["student_id"]] = each
    return {name: [each.body for each in each_of.values()] for name, each_of in said.items()}


def _place(each: Delivery) -> tuple[pd.Timestamp, str]:
    return (time(each.body["submitted_at"]), each.body["feedback_id"])


def rating_of(each: dict[str, Any]) -> float | None:
    """Feedback before the report's own rating."""
    stars = [said["overall_rating"] for said in each["feedback"] or ()]
    rating = float(np.mean(stars)) if stars else each["now"].get("student_rating")
    return None if rating is None else float(rating)


def ended(each: dict[str, Any]) -> pd.Timestamp:
    """When what the latest report tells of a session became known.

    Choice: with its last outcome (a move after the end moves it on); NaT while it has none.
    """
    now = each["now"]
    times = [fact["at"] for fact in each["facts"]]
    if now["status"] == "completed":
        times.append(time(now["completed_time"]))
    elif now["status"] in ("no_show", "cancelled"):
        times.append(time(now["scheduled_time"]))
    return max(times, default=pd.NaT)  # type: ignore[return-value]


# --- outcomes and windows --------------------------------------------------------------------


def outcome_frame(sessions: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per outcome of a session: what, when, and whether the notice was short."""
    rows: list[tuple[str, str, pd.Timestamp, bool]] = []
    for each in sessions:
        for fact in each["facts"]:
            what = f"{fact['initiator']}_reschedule"
            rows.append((each["session_id"], what, fact["at"], fact["late_notice"]))
        now = each["now"]
        match now["status"]:
            case "completed":
                rows.append((each["session_id"], "completed", time(now["completed_time"]), False))
            case "cancelled":
                rows.append((each["session_id"], "cancelled", time(now["scheduled_time"]), False))
            case "no_show":
                what = f"{now.get('no_show_party') or 'tutor'}_no_show"
                rows.append((each["session_id"], what, time(now["scheduled_time"]), False))
    frame = pd.DataFrame(rows, columns=["session_id", "what", "at", "late_notice"])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame["late_notice"] = frame["late_notice"].astype(bool)
    return frame


def rated_frame(sessions: list[dict[str, Any]]) -> pd.DataFrame:
    """The rated sessions, at the time they ended."""
    rows = [
        (each["session_id"], ended(each), rating, each["now"].get("session_number") == 1)
        for each in sessions
        if (rating := rating_of(each)) is not None
    ]
    frame = pd.DataFrame(rows, columns=["session_id", "rated_at", "rating", "first"])
    frame["rated_at"] = pd.to_datetime(frame["rated_at"], utc=True)
    return frame.astype({"rating": float, "first": bool})


def event_frame(deliveries: Sequence[Delivery], tutor_id: str) -> pd.DataFrame:
    """The tutor's behaviour events, one row an `event_id`."""
    rows = {
        each.body["event_id"]: (
            each.body["type"],
            time(each.body["occurred_at"]),
            each.body["data"].get("response_minutes"),
            each.body["data"].get("hours_offered"),
        )
        for each in deliveries
        if each.kind == "events" and each.body["tutor_id"] == tutor_id
    }
    frame = pd.DataFrame(list(rows.values()), columns=["type", "at", "minutes", "hours"])
    return frame.astype({"at": "datetime64[ns, UTC]", "minutes": float, "hours": float})


def inside(column: pd.Series, at: pd.Timestamp, days: float) -> pd.Series:
    """The half-open window (at − days·24 h, at]."""
    return (column > at - timedelta(days=days)) & (column <= at)


def window(
    sessions: list[dict[str, Any]],
    outcomes: pd.DataFrame,
    events: pd.DataFrame,
    rated: pd.DataFrame,
    at: pd.Timestamp,
    days: int,
) -> dict[str, Any]:
    """Every metric of one window, rates as (value, n)."""
    here = outcomes[inside(outcomes["at"], at, days)]
    n = here["session_id"].nunique()
    counts = {
        name: int(here.loc[here["what"] == what, "session_id"].nunique())
        for name, what in {
            "completed": "completed",
            "tutor_reschedules": "tutor_reschedule",
            "student_reschedules": "student_reschedule",
            "tutor_no_shows": "tutor_no_show",
            "student_no_shows": "student_no_show",
            "cancelled": "cancelled",
        }.items()
    }
    late_notice = here[(here["what"] == "tutor_reschedule") & here["late_notice"]]
    rated_here = rated[inside(rated["rated_at"], at, days)]
    first = rated_here[rated_here["first"]]
    since = at - timedelta(days=days)
    held = [each["now"] for each in sessions if since < ended(each) <= at]
    lateness = [late for now in held if (late := late_minutes(now)) is not None]
    events_here = events[inside(events["at"], at, days)]
    replies = events_here.loc[events_here["type"] == "message_response", "minutes"].dropna()
    offered = events_here[events_here["type"] == "availability"].dropna(subset=["hours"])
    return {
        "sessions": int(n),
        **counts,
        "reschedule_rate": rate(counts["tutor_reschedules"], n),
        "no_show_rate": rate(counts["tutor_no_shows"], n),
        "avg_rating": (mean(rated_here["rating"]), len(rated_here)),
        "first_session_success_rate": rate(int((first["rating"] >= 4).sum()), len(first)),
        "learning_objectives_met_rate": share(held, "learning_objectives_met"),
        "technical_issue_rate": share(held, "technical_issues"),
        "late_start_rate": rate(sum(late > 5 for late in lateness), len(lateness)),
        "avg_late_minutes": mean([late for late in lateness if late > 5]),
        "late_notice_reschedules": int(late_notice["session_id"].nunique()),
        "response_minutes_p50": percentile(replies, 50),
        "response_minutes_p95": percentile(replies, 95),
        "availability_hours": mean(offered["hours"]),
    }


def late_minutes(now: dict[str, Any]) -> float | None:
    """Minutes late: as reported, else by the clock, never negative, None when nobody knows."""
    if now.get("late_start_minutes") is not None:
        return float(now["late_start_minutes"])
    if now.get("actual_start") is None:
        return None
    late = (time(now["actual_start"]) - time(now["scheduled_time"])).total_seconds() / 60
    return max(0.0, late)


def rate(hits: int, n: int) -> tuple[float | None, int]:
    """A share with its sample size; None when nobody was asked."""
    return (hits / n if n else None, int(n))


def share(held: list[dict[str, Any]], name: str) -> tuple[float | None, int]:
    """The share of sessions saying yes among those saying anything."""
    said = [now[name] for now in held if now.get(name) is not None]
    return rate(sum(said), len(said))


def mean(values: Any) -> float | None:
    """The mean, None of nothing."""
    return float(np.mean(values)) if len(values) else None


def percentile(values: Any, q: float) -> float | None:
    """The percentile with linear interpolation (the usual one of NumPy and pandas)."""
    return float(np.percentile(values, q)) if len(values) else None


# --- flags -------------------------------------------------------------------------------------


def simple_flags(
    sessions: list[dict[str, Any]],
    outcomes: pd.DataFrame,
    month: dict[str, Any],
    last_30: tuple[float | None, int],
    at: pd.Timestamp,
) -> set[str]:
    """The flags that rest on session facts alone, as they stand without a past."""
    raised = set()

    def over(name: str, limit: float) -> bool:
        value = month[name][0]
        return value is not None and value > limit

    def under(value: float | None, limit: float) -> bool:
        return value is not None and value < limit

    if over("reschedule_rate", 0.15):
        raised.add("high_reschedule_rate")
    if over("no_show_rate", 0.05):
        raised.add("high_no_show_rate")
    if under(month["first_session_success_rate"][0], 0.70):
        raised.add("low_first_session_success")
    if under(last_30[0], 3.5):
        raised.add("low_rating")
    if under(month["learning_objectives_met_rate"][0], 0.80):
        raised.add("objectives_missed")
    week = outcomes[inside(outcomes["at"], at, 7)]
    if week.loc[week["what"] == "tutor_reschedule", "session_id"].nunique() > 3:
        raised.add("reschedule_pattern")
    fortnight = outcomes[inside(outcomes["at"], at, 14)]
    if (fortnight["what"] == "tutor_no_show").any():
        raised.add("no_show_risk")
    if any(poor_first(each, at) for each in sessions):
        raised.add("poor_first_session")
    return raised


def poor_first(each: dict[str, Any], at: pd.Timestamp) -> bool:
    """A first session of the last 30 days rated < 3, not recommended, or > 10 minutes late.

    Lateness with technical trouble is not the tutor's ("technical trouble never does").
    """
    now = each["now"]
    if now.get("session_number") != 1 or not at - timedelta(days=30) < ended(each) <= at:
        return False
    rating, late = rating_of(each), late_minutes(now)
    return bool(
        (rating is not None and rating < 3)
        or any(said.get("would_recommend") is False for said in each["feedback"] or ())
        or (late is not None and late > 10 and not now.get("technical_issues"))
    )
