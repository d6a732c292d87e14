"""What the local stack held is saved whole, also where work was cut off in the middle."""

import io
import json
from types import SimpleNamespace

from infra_cdk.local.ministack_main import _save_fast_and_whole


def test_what_changes_while_it_is_saved_is_looked_at_again() -> None:
    looks = 0

    def logs() -> dict[str, str]:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise RuntimeError("dictionary changed size during iteration")
        return {"line": "the last"}

    app = SimpleNamespace(_build_persistence_save_dict=lambda: {"logs": logs})
    persistence = SimpleNamespace(json=json)
    file = io.StringIO()

    _save_fast_and_whole(app, persistence)
    persistence.json.dump(app._build_persistence_save_dict()["logs"](), file)

    assert json.loads(file.getvalue()) == {"line": "the last"}
