"""The sample events of this folder, for tests: what Rails could send, and what it is answered."""

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One webhook; `text` is posted byte for byte.

    `errors` are the fields a 422 must name, else empty.
    `after` names the samples that must have been accepted before.
    """

    name: str
    about: str
    path: str
    text: bytes
    status: int
    errors: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether it is stored for good."""
        return self.status == 202

    @property
    def body(self) -> Any:
        """The JSON value; raises ValueError when it is none."""
        return json.loads(self.text)


@cache
def samples() -> list[Sample]:
    """All samples by name; the result is shared."""
    return [_load(file) for file in sorted(FOLDER.glob("*.json"))]


def sample(name: str) -> Sample:
    """One sample by its file's name without the ending; raises KeyError."""
    return {each.name: each for each in samples()}[name]


def _load(file: Path) -> Sample:
    content = json.loads(file.read_text("utf-8"))
    answer = content["answer"]
    return Sample(
        name=file.stem,
        about=content["about"],
        path=content["path"],
        text=_text(content),
        status=answer["status"],
        errors=tuple(answer.get("errors", ())),
        after=tuple(content.get("after", ())),
    )


def _text(content: dict[str, Any]) -> bytes:
    if "raw_base64" in content:
        return base64.b64decode(content["raw_base64"], validate=True)
    if "raw" in content:
        return str(content["raw"]).encode()
    return json.dumps(content["body"], ensure_ascii=False).encode()
