"""The environment of a function as a typed model: the only place that reads it."""

import os
from typing import Self

from pydantic import BaseModel, ConfigDict


class Setting(BaseModel):
    """What a function needs to be told; a missing one fails the start, naming it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @classmethod
    def read(cls) -> Self:
        """The settings from the process's environment."""
        return cls.model_validate(dict(os.environ))
