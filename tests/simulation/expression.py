"""DynamoDB's expressions, as far as this system writes them: conditions, keys, filters, updates.

Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

type Value = dict[str, Any]
type Item = dict[str, Value]
type Names = Mapping[str, str]
type Values = Mapping[str, Value]
type Test = Callable[[Item, Names, Values], bool]
type Operand = Callable[[Item, Names, Values], Value | None]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),+-]|[#:]?[A-Za-z_]\w*(?:\.#?\w+)*)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(expression: str | None, item: Item, names: Names, values: Values) -> bool:
    """Whether an item, empty where there is none, passes a condition."""
    return expression is None or _condition(expression)(item, names, values)


def updated(expression: str, item: Item, names: Names, values: Values) -> Item:
    """An item after an update by SET and REMOVE; both look at the item as it was."""
    after = dict(item)
    for attribute, operand in _update(expression):
        *parents, name = (_name(word, names) for word in attribute.split("."))
        value = operand(item, names, values) if operand else None
        within = after
        for parent in parents:  # what is changed is copied, the rest is shared
            within[parent] = {"M": dict(within[parent]["M"])}
            within = within[parent]["M"]
        if value is None:
            within.pop(name, None)
        else:
            within[name] = value
    return after


def comparable(value: Value) -> Any:
    """A value as Python compares it: numbers by size, text and bytes by their bytes."""
    ((kind, content),) = value.items()
    if kind == "N":
        return float(content)
    return content.encode() if kind == "S" else content


@lru_cache(None)
def _condition(expression: str) -> Test:
    reader = _Reader(expression)
    test = reader.either()
    reader.end()
    return test


@lru_cache(None)
def _update(expression: str) -> tuple[tuple[str, Operand | None], ...]:
    reader, found = _Reader(expression), []
    while reader.peek():
        verb = reader.take()
        while True:
            attribute = reader.take()
            operand = None
            if verb == "SET":
                reader.take("=")
                operand = reader.sum()
            elif verb != "REMOVE":
                raise NotImplementedError(verb)
            found.append((attribute, operand))
            if reader.peek() != ",":
                break
            reader.take(",")
    return tuple(found)


def _name(word: str, names: Names) -> str:
    return names[word] if word.startswith("#") else word


class _Reader:
    """Reads an expression from left to right: OR binds weaker than AND."""

    def __init__(self, expression: str) -> None:
        self._words = _TOKEN.findall(expression)
        if "".join(self._words) != re.sub(r"\s+", "", expression):
            raise NotImplementedError(expression)

    def peek(self) -> str:
        return self._words[0] if self._words else ""

    def take(self, wanted: str = "") -> str:
        word: str = self._words.pop(0)
        if wanted and word != wanted:
            raise NotImplementedError(f"{word} where {wanted} was expected")
        return word

    def end(self) -> None:
        if self._words:
            raise NotImplementedError(" ".join(self._words))

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == "OR":
            self.take()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda *of: any(test(*of) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.peek() == "AND":
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda *of: all(test(*of) for test in tests)

    def one(self) -> Test:
        if self.peek() == "(":
            self.take()
            test = self.either()
            self.take(")")
            return test
        if self.peek() in ("attribute_exists", "attribute_not_exists", "begins_with", "contains"):
            return self._function()
        return self._comparison()

    def _function(self) -> Test:
        function = self.take()
        self.take("(")
        first = self.operand()
        second = None
        if self.peek() == ",":
            self.take()
            second = self.operand()
        self.take(")")
        if second is None:
            wanted = function == "attribute_exists"
            return lambda *of: (first(*of) is not None) is wanted
        return lambda *of: _within(function, first(*of), second(*of))

    def _comparison(self) -> Test:
        left, word = self.operand(), self.take()
        if word == "BETWEEN":
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return lambda *of: (
                _compared("<=", low(*of), left(*of)) and _compared("<=", left(*of), high(*of))
            )
        right = self.operand()
        return lambda *of: _compared(word, left(*of), right(*of))

    def sum(self) -> Operand:
        left = self.operand()
        if self.peek() not in ("+", "-"):
            return left
        sign = 1 if self.take() == "+" else -1
        right = self.operand()

        def total(*of: Any) -> Value:
            a, b = left(*of), right(*of)
            if a is None or b is None:
                raise NotImplementedError("arithmetic on what is not there")
            return {"N": f"{float(a['N']) + sign * float(b['N']):g}"}

        return total

    def operand(self) -> Operand:
        word = self.take()
        if word == "if_not_exists":
            self.take("(")
            known = self.operand()
            self.take(",")
            other = self.sum()
            self.take(")")
            return lambda *of: found if (found := known(*of)) is not None else other(*of)
        if word.startswith(":"):
            return lambda item, names, values: values[word]
        return lambda item, names, values: item.get(_name(word, names))


def _compared(word: str, left: Value | None, right: Value | None) -> bool:
    """False where one is not there, or of another type; but then they are unequal."""
    if left is None or right is None or left.keys() != right.keys():
        return word == "<>"
    return _COMPARE[word](comparable(left), comparable(right))


def _within(function: str, whole: Value | None, part: Value | None) -> bool:
    if whole is None or part is None:
        return False
    if function == "begins_with":
        return bool(comparable(whole).startswith(comparable(part)))
    ((kind, content),) = whole.items()
    wanted = next(iter(part.values()))
    return bool(wanted in content) if kind in ("S", "SS", "NS") else part in content
