"""Meilisearch's filter expressions: read as strictly as the server does, then asked of a document."""

import re
from collections.abc import Callable, Collection
from typing import Any

Document = dict[str, Any]
Test = Callable[[Document], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>!=|>=|<=|[=<>()\[\],])|(?P<word>[\w.-]+))"""
)
KEYWORDS = {"AND", "OR", "NOT", "IN", "TO", "EXISTS", "IS", "NULL", "EMPTY", "CONTAINS", "STARTS"}


class Invalid(Exception):
    """A filter that the server refuses."""


def read(filters: object, filterable: Collection[str]) -> Test:
    """A test for documents out of a filter: a text, or lists of texts (all of them; inner lists: any). Raises Invalid."""
    if filters is None:
        return lambda _document: True
    if isinstance(filters, str):
        return Reading(filters, filterable).whole() if filters.strip() else lambda _document: True
    if not isinstance(filters, list):
        raise Invalid("Invalid syntax for the filter parameter: expected string or array.")
    outer: list[Test] = []
    for part in filters:
        if isinstance(part, list):
            outer.append(any_of([read(text, filterable) for text in part]))
        else:
            outer.append(read(part, filterable))
    return all_of(outer)


def all_of(tests: list[Test]) -> Test:
    return lambda document: all(test(document) for test in tests)


def any_of(tests: list[Test]) -> Test:
    return lambda document: any(test(document) for test in tests)


def values_of(document: Document, attribute: str) -> list[Any]:
    found = document.get(attribute)
    return found if isinstance(found, list) else [] if found is None else [found]


def is_same(value: Any, asked: str) -> bool:
    """Texts without regard to capitals, numbers by their value, truth by its name."""
    if isinstance(value, bool):
        return asked.lower() == str(value).lower()
    if isinstance(value, int | float):
        try:
            return float(asked) == value
        except ValueError:
            return False
    return str(value).lower() == asked.lower()


class Reading:
    """One expression being read."""

    def __init__(self, text: str, filterable: Collection[str]) -> None:
        self.text, self.filterable = text, filterable
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise Invalid(f"Was expecting an operation at `{text[at:][:40]}`.")
            kind = found.lastgroup or ""
            word = found[kind]
            self.tokens.append((kind, word[1:-1].replace("\\" + word[0], word[0]) if kind == "quoted" else word))
            at = found.end()
        self.at = 0

    def peek(self) -> str:
        """The next sign or bare word; a quoted one is nothing but a value."""
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        return "" if kind in ("quoted", "end") else word

    def take(self, *words: str) -> bool:
        if self.peek() in words:
            self.at += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.take(word):
            raise Invalid(f"Expected `{word}` in `{self.text[:80]}`.")

    def value(self) -> str:
        if self.at >= len(self.tokens):
            raise Invalid(f"Was expecting a value at the end of `{self.text[:80]}`.")
        kind, word = self.tokens[self.at]
        if kind == "sign" or (kind == "word" and word in KEYWORDS):
            raise Invalid(f"Was expecting a value but instead got `{word}`, which is a reserved keyword or sign.")
        self.at += 1
        return word

    def whole(self) -> Test:
        test = self.either()
        if self.at < len(self.tokens):
            raise Invalid(f"Found unexpected characters at the end of the filter: `{self.tokens[self.at][1]}`.")
        return test

    def either(self) -> Test:
        tests = [self.both()]
        while self.take("OR"):
            tests.append(self.both())
        return any_of(tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.take("AND"):
            tests.append(self.one())
        return all_of(tests)

    def one(self) -> Test:
        if self.take("NOT"):
            inner = self.one()
            return lambda document: not inner(document)
        if self.take("("):
            test = self.either()
            self.need(")")
            return test
        return self.condition()

    def condition(self) -> Test:
        attribute = self.value()
        if attribute not in self.filterable:
            known = ", ".join(sorted(self.filterable)) or "none"
            raise Invalid(f"Attribute `{attribute}` is not filterable. Available filterable attributes are: {known}.")
        sign = self.peek()
        if sign in ("=", "!="):
            self.at += 1
            asked = self.value()
            equal: Test = lambda document: any(is_same(value, asked) for value in values_of(document, attribute))  # noqa: E731
            return equal if sign == "=" else lambda document: not equal(document)
        if sign in (">", ">=", "<", "<="):
            self.at += 1
            return self.compared(attribute, sign, self.value())
        if self.take("EXISTS"):
            return lambda document: attribute in document
        is_not = self.take("NOT")
        if not self.take("IN"):
            raise Invalid(f"Was expecting an operation `=`, `!=`, `IN`, `NOT IN`, `EXISTS` at `{attribute}`.")
        self.need("[")
        asked_values: list[str] = []
        while not self.take("]"):
            asked_values.append(self.value())
            if not self.take(","):
                self.need("]")
                break
        among: Test = lambda document: any(  # noqa: E731
            is_same(value, asked) for value in values_of(document, attribute) for asked in asked_values
        )
        return (lambda document: not among(document)) if is_not else among

    def compared(self, attribute: str, sign: str, asked: str) -> Test:
        try:
            limit = float(asked)
        except ValueError:
            raise Invalid(f"Was expecting a number at `{asked}`.") from None

        def holds(value: Any) -> bool:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            return {">": value > limit, ">=": value >= limit, "<": value < limit, "<=": value <= limit}[sign]

        return lambda document: any(holds(value) for value in values_of(document, attribute))
