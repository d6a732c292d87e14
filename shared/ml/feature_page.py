"""The printed page of features, from the table they are computed by: `docs/features.md`."""

from shared.ml.features import FEATURE_DAYS, FEATURES, LEAST_TUTORS, MOST_SUBJECTS, Feature
from shared.ml.labels import SILENCE_DAYS


def page() -> str:
    """The page as Markdown."""
    categories = dict.fromkeys(feature.category for feature in FEATURES)
    parts = [
        "# Features of the churn model",
        "Written by `make docs` from `shared/ml/features.py`. One function computes them for"
        " training, for backtests and for one tutor now.",
        f"At a moment *t* a feature looks at (t − {FEATURE_DAYS} days, t] and at nothing later;"
        " within a window, days on leave and days before a tutor was first seen do not count. A"
        " change compares a tutor with their own past. What a platform does not report is NaN,"
        " never zero. Only tutors at work have features: a session taught in the last"
        f" {SILENCE_DAYS} days, not on leave, not gone.",
        "Training leaves out what does not vary, what tells the date more than the tutor, the"
        " season until two years are known, and a field of the profile that is known of those who"
        " stayed but not of those who left (or the other way): it was changed in hindsight."
        " Features of a family count as twins: an explanation adds their pushes up and names the"
        " strongest.",
    ]
    for category in categories:
        rows = [feature for feature in FEATURES if feature.category == category]
        parts += [f"## {category.capitalize()}", _table(rows)]
    parts += [
        "## Subjects",
        f"`teaches:<subject>`, 0 or 1 from the profile, for each subject that at least"
        f" {LEAST_TUTORS} tutors of the training data teach, at most {MOST_SUBJECTS}.",
    ]
    return "\n\n".join(parts)


def _table(rows: list[Feature]) -> str:
    head = "| Name | Family | Unit | Window | Source | Reads |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(_row(feature) for feature in rows)])


def _row(feature: Feature) -> str:
    reads = ", ".join(f"`{channel}`" for channel in feature.channels) or "-"
    cells = (f"`{feature.name}`", feature.family.replace("_", " "), feature.unit, feature.window,
             feature.source, reads)  # fmt: skip
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    print(page())  # noqa: T201 - `make docs` writes it to docs/features.md
