"""Starts the emulator; executed by its own Python, which knows nothing of our packages.

What is changed in it stands here, each with its reason; the version is pinned exactly.
"""

import copy
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO


def main() -> None:
    """Run until stopped; then leave a mark if everything was saved."""
    from ministack import app  # type: ignore[import-not-found]  # its environment is not ours
    from ministack.core import persistence  # type: ignore[import-not-found]

    threading.Thread(target=_stop_with_the_starter, daemon=True).start()
    complaints = _Complaints()
    persistence.logger.addHandler(complaints)
    _save_fast(app, persistence)
    sys.argv = ["ministack"]
    app.main()
    if persistence.PERSIST_STATE and not complaints.heard:
        Path(persistence.STATE_DIR, "saved").touch()
    logging.shutdown()
    os._exit(0)  # taking gigabytes of items apart one by one helps nobody


def _stop_with_the_starter() -> None:
    """Standard input closes when the starter ends, however it ends; then stop cleanly."""
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


class _Complaints(logging.Handler):
    """Hears whether some state could not be saved; the emulator only logs it."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard = False

    def emit(self, record: logging.LogRecord) -> None:
        self.heard = True


def _save_fast(app: Any, persistence: Any) -> None:
    """Saving 300,000 items took 35 s: a deep copy of them all, and JSON piece by piece.

    By then no request is served any more, so nothing has to be copied.
    """

    def dump(data: Any, file: TextIO, **options: Any) -> None:
        file.write(json.dumps(data, **options))

    persistence.json = SimpleNamespace(
        dump=dump, load=json.load, JSONDecodeError=json.JSONDecodeError
    )
    build = app._build_persistence_save_dict

    def without_copies() -> Any:
        dynamodb: Any = sys.modules.get("ministack.services.dynamodb")
        if dynamodb:
            dynamodb.copy = SimpleNamespace(copy=copy.copy, deepcopy=lambda data: data)
        return build()

    app._build_persistence_save_dict = without_copies


if __name__ == "__main__":
    main()
