"""Conversion between domain types and what DynamoDB stores; nowhere else.

Domain objects travel whole, as JSON text under `data`; only what an index or a condition needs
is an attribute of its own.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from shared.aws.key import Key

Attribute = dict[str, Any]
Item = dict[str, Attribute]

_adapters: dict[Any, TypeAdapter[Any]] = {}


def text(value: str) -> Attribute:
    return {"S": value}


def number(value: float) -> Attribute:
    return {"N": repr(value)}


def key_item(key: Key) -> Item:
    """The two key attributes of an item."""
    return {"pk": text(key.pk), "sk": text(key.sk)}


def dumped(value: object, *, nulls: bool = False) -> Attribute:
    """A domain object as JSON text; fields at None are left out unless asked for."""
    return text(json_text(value, nulls=nulls))


def json_text(value: object, *, nulls: bool = False) -> str:
    """A domain object as compact JSON; fields at None are left out unless asked for."""
    return adapter(type(value)).dump_json(value, exclude_none=not nulls).decode()


def loaded[T](kind: type[T], item: Mapping[str, Attribute]) -> T:
    """The domain object under `data`."""
    found: T = adapter(kind).validate_json(item["data"]["S"])
    return found


def loaded_json(item: Mapping[str, Attribute], name: str = "data") -> Any:
    """The JSON under an attribute."""
    return json.loads(item[name]["S"])


def attribute(value: Any) -> Attribute:
    """JSON-ready values as DynamoDB's own types, so that filters can look inside."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return number(value)
        case str():
            return text(value)
        case dict():
            return {"M": {key: attribute(item) for key, item in value.items()}}
        case list() | tuple():
            return {"L": [attribute(item) for item in value]}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def value_of(stored: Mapping[str, Any]) -> Any:
    """The inverse of `attribute`."""
    ((kind, value),) = stored.items()
    match kind:
        case "NULL":
            return None
        case "N":
            return float(value) if any(sign in value for sign in ".en") else int(value)
        case "M":
            return {key: value_of(item) for key, item in value.items()}
        case "L":
            return [value_of(item) for item in value]
    return value


def adapter(kind: Any) -> TypeAdapter[Any]:
    """Built once a type: building one costs milliseconds."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
