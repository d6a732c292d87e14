"""The published page of definitions is the one the tables give."""

from pathlib import Path

from shared.domain.churn_score import CAPPED, COMPONENTS, UPLIFTS
from shared.domain.definition import definitions, page
from shared.domain.metric import METRICS

ROOT = Path(__file__).parents[2]


def test_the_published_page_is_up_to_date() -> None:
    assert (ROOT / "docs/definitions.md").read_text() == page(), "run `make docs`"


def test_every_metric_is_defined_once() -> None:
    names = [term.name for term in definitions().metrics]

    assert names == [metric.name for metric in METRICS]
    assert len(names) == len(set(names))


def test_every_part_a_score_may_have_is_defined() -> None:
    parts = {c.name for c in COMPONENTS} | {up.name for up in UPLIFTS} | {CAPPED[0]}

    assert {term.name for term in definitions().components} == parts
