"""One local stack for all end-to-end tests; a test that breaks it starts one of its own."""

from collections.abc import Iterator

import pytest

from infra_cdk.local.stack import LocalStack, throwaway_stack
from tests.e2e.marketplace import Marketplace


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    with throwaway_stack(site=True) as running:
        yield running


@pytest.fixture(scope="session")
def marketplace(stack: LocalStack) -> Marketplace:
    return Marketplace(stack.deployed)
