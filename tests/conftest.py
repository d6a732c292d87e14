"""What holds for every test, wherever it stands."""

from collections import Counter
from collections.abc import Sequence

import pytest


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Refuse tests of one id: workers that share tests would run the first, and pass over the
    others without a word."""
    ids = Counter(item.nodeid for item in items)
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise pytest.UsageError(f"several tests are called {', '.join(twice)}")
