"""The page of the architecture is the one that the stack's own table gives."""

from pathlib import Path

from infra_cdk.architecture import page
from infra_cdk.function_spec import FUNCTIONS

ROOT = Path(__file__).parents[2]


def test_the_published_page_is_up_to_date() -> None:
    assert (ROOT / "docs/architecture.md").read_text() == page(), "run `make docs`"


def test_every_function_stands_on_it_once() -> None:
    for spec in FUNCTIONS:
        assert page().count(f"| [{spec.name}](../functions/{spec.name}.py) |") == 1
