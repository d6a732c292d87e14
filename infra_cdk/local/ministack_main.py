"""Starts the emulator; executed by its own Python, which knows nothing of our packages.

What is changed in it stands here, each with its reason; the version is pinned exactly.
"""

import copy
import hashlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TextIO

_LOOKS: Final = 50


def main() -> None:
    """Run until stopped; then leave a mark if everything was saved."""
    from ministack import app  # type: ignore[import-not-found]  # its environment is not ours
    from ministack.core import iam_evaluator, lambda_runtime, persistence  # type: ignore[import-not-found]
    from ministack.services import cognito, dynamodb  # type: ignore[import-not-found]

    threading.Thread(target=_stop_with_the_starter, daemon=True).start()
    complaints = _Complaints()
    persistence.logger.addHandler(complaints)
    _save_fast_and_whole(app, persistence)
    _start_workers_fast(lambda_runtime)
    _name_batch_calls_as_aws_does(iam_evaluator)
    _parse_conditions_once(dynamodb)
    _renew_tokens_as_aws_does(cognito)
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


def _save_fast_and_whole(app: Any, persistence: Any) -> None:
    """Saving 300,000 items took 35 s: a deep copy of them all, and JSON piece by piece.

    By then no request is served any more, so nothing has to be copied. But functions cut off in
    their work still end and are logged: one line at the wrong moment, and what was to be saved was
    given up, with it all that the stack had held.
    """

    def dump(data: Any, file: TextIO, **options: Any) -> None:
        file.write(_undisturbed(lambda: json.dumps(data, **options)))

    persistence.json = SimpleNamespace(
        dump=dump, load=json.load, JSONDecodeError=json.JSONDecodeError
    )
    build = app._build_persistence_save_dict

    def without_copies() -> Any:
        dynamodb: Any = sys.modules.get("ministack.services.dynamodb")
        if dynamodb:
            dynamodb.copy = SimpleNamespace(copy=copy.copy, deepcopy=lambda data: data)
        return {name: partial(_undisturbed, get_state) for name, get_state in build().items()}

    app._build_persistence_save_dict = without_copies


def _undisturbed[T](look: Callable[[], T]) -> T:
    """What it finds when nothing it looks at changes meanwhile."""
    for _ in range(_LOOKS - 1):
        try:
            return look()
        except RuntimeError:  # a dictionary changed its size
            time.sleep(0.1)
    return look()


def _start_workers_fast(lambda_runtime: Any) -> None:
    """Every worker unpacked the same layer again, half of its start; and waited 50 ms for a log."""
    lambda_runtime.zipfile = SimpleNamespace(
        ZipFile=_UnpackedOnce,
        BadZipFile=zipfile.BadZipFile,
        LargeFileError=zipfile.LargeZipFile,
    )
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.010, 0.002, 0.250)


def _name_batch_calls_as_aws_does(iam_evaluator: Any) -> None:
    """IAM has no sqs:SendMessageBatch: the single call's action allows the batch call too."""
    enforce = iam_evaluator.enforce

    def enforce_as_aws_does(access_key_id: str, action: str, *rest: Any, **named: Any) -> Any:
        if action.startswith("sqs:"):
            action = action.removesuffix("Batch")
        return enforce(access_key_id, action, *rest, **named)

    iam_evaluator.enforce = enforce_as_aws_does


def _parse_conditions_once(dynamodb: Any) -> None:
    """A query parsed its condition anew for every item it looked at: two thirds of its time."""
    tokens = lru_cache(1024)(dynamodb._tokenize)
    dynamodb._tokenize = lambda expression: list(tokens(expression))
    dynamodb._condition_syntax_error = lru_cache(1024)(dynamodb._condition_syntax_error)


def _renew_tokens_as_aws_does(cognito: Any) -> None:
    """Renewed tokens had lost the groups and said that their person had signed in just now.

    OpenID clients refuse an identity whose time of signing in changed.
    """
    signed_in: dict[str, int] = {}
    before_signing = cognito._apply_pretoken_trigger

    def as_at_sign_in(
        *, pool_id: str, claims: dict[str, Any], username: str, groups: list[str], **rest: Any
    ) -> Any:
        claims["auth_time"] = signed_in.setdefault(claims["origin_jti"], claims["auth_time"])
        user = cognito._user_pools.get(pool_id, {}).get("_users", {}).get(username, {})
        if groups := groups or user.get("_groups", []):
            claims["cognito:groups"] = groups
        return before_signing(
            pool_id=pool_id, claims=claims, username=username, groups=groups, **rest
        )

    cognito._apply_pretoken_trigger = as_at_sign_in


class _UnpackedOnce(zipfile.ZipFile):
    """A zip that is unpacked to a folder of its own once, and then only linked to."""

    _one_at_a_time = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        assert self.filename
        packed = Path(self.filename)
        unpacked = Path(tempfile.gettempdir(), "unpacked", _digest(packed))
        with self._one_at_a_time:
            if not unpacked.exists():
                partial = unpacked.with_suffix(".partial")
                super().extractall(partial)
                partial.rename(unpacked)
        for entry in unpacked.iterdir():
            Path(path, entry.name).symlink_to(entry)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
