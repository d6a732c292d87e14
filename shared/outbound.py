"""What every answer is made of: how models are written out, and how numbers are rounded."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _rounded(digits: int) -> AfterValidator:
    return AfterValidator(lambda value: round(value, digits) + 0.0)


Fraction = Annotated[float, _rounded(4)]
Quantity = Annotated[float, _rounded(4)]
Stars = Annotated[float, _rounded(1)]
Points = Annotated[float, _rounded(2)]
Seconds = Annotated[float, _rounded(2)]
LogOdds = Annotated[float, _rounded(6)]
"""Fine enough that parts still add up to their sum within 0.0001."""


class Outbound(BaseModel):
    """Made from domain objects or from their stored JSON."""

    model_config = ConfigDict(
        frozen=True, from_attributes=True, json_schema_serialization_defaults_required=True
    )

    def json_bytes(self) -> bytes:
        """The JSON as it is answered: null is written out, instants end in Z."""
        return self.model_dump_json(by_alias=True).encode()


class Probabilities(Outbound):
    """Chance of leaving within so many days; null while there is no model, or no prediction."""

    within_1d: Fraction | None = Field(None, serialization_alias="1d")
    within_7d: Fraction | None = Field(None, serialization_alias="7d")
    within_30d: Fraction | None = Field(None, serialization_alias="30d")
    within_90d: Fraction | None = Field(None, serialization_alias="90d")
