"""One index of the Meilisearch stand-in: its settings, its documents, and searching them as the server ranks."""

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from tests.standins import meilisearch_filters
from tests.standins.meilisearch_words import Match, Words, match, parse, words_of

FRESH: dict[str, Any] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attribute", "sort", "exactness"],
    "stopWords": [],
    "synonyms": {},
    "distinctAttribute": None,
    "typoTolerance": {"enabled": True, "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9}},
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "searchCutoffMs": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
}
# What of settings the stand-in does; anything else it refuses rather than ignore.
KNOWN = set(FRESH) - {"stopWords", "synonyms", "typoTolerance", "prefixSearch"}
RULES = re.compile(r"words|typo|proximity|attribute|sort|exactness|[\w.]+:(?:asc|desc)")
DOCUMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,511}")
PARAMETERS = {
    *("q", "offset", "limit", "page", "hitsPerPage", "filter", "facets", "sort", "matchingStrategy"),
    *("attributesToRetrieve", "attributesToSearchOn", "attributesToCrop", "cropLength", "cropMarker"),
    *("attributesToHighlight", "highlightPreTag", "highlightPostTag", "showMatchesPosition", "distinct"),
    *("showRankingScore", "showRankingScoreDetails", "rankingScoreThreshold", "vector", "hybrid", "locales"),
}
# Of them, those that the stand-in does not do: asked for, it says so rather than answer wrongly.
NOT_DONE = ("facets", "attributesToCrop", "attributesToHighlight", "showMatchesPosition", "vector", "hybrid", "locales")


class Refused(Exception):
    """What the server refuses: its error code, its sentence, and the status of the answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Index:
    uid: str
    primary_key: str | None = None
    settings: dict[str, Any] = field(default_factory=lambda: copy.deepcopy(FRESH))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    words: dict[str, list[Words]] = field(default_factory=dict)

    # --- what tasks do ---------------------------------------------------------------------------------------------

    def set(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            self.settings[name] = copy.deepcopy(FRESH[name]) if value is None else value
        self.words.clear()

    def add(self, documents: list[dict[str, Any]], *, is_update: bool) -> None:
        """All of them or, at the first that cannot be, none."""
        made: dict[str, dict[str, Any]] = {}
        for document in documents:
            value = document.get(self.primary_key or "id")
            if value is None:
                raise Refused("missing_document_id", f"Document doesn't have a `{self.primary_key}` attribute.")
            if isinstance(value, bool) or not DOCUMENT_ID.fullmatch(str(value)):
                raise Refused("invalid_document_id", f"Document identifier `{value}` is invalid.")
            name = str(value)
            before = made.get(name, self.documents.get(name, {})) if is_update else {}
            made[name] = {**before, **document}
        self.documents |= made
        for name in made:
            self.words.pop(name, None)

    def remove(self, ids: list[str]) -> None:
        for name in ids:
            self.documents.pop(name, None)
            self.words.pop(name, None)

    # --- searching -------------------------------------------------------------------------------------------------

    def searchable(self, document: dict[str, Any]) -> list[str]:
        names: list[str] = self.settings["searchableAttributes"]
        return list(document) if names == ["*"] else names

    def attributes(self, name: str, document: dict[str, Any]) -> list[Words]:
        if name not in self.words:
            self.words[name] = [words_of(document.get(a)) for a in self.searchable(document)]
        return self.words[name]

    def search(self, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a search. Raises Refused."""
        self.check(body)
        try:
            test = meilisearch_filters.read(body.get("filter"), self.settings["filterableAttributes"])
        except meilisearch_filters.Invalid as error:
            raise Refused("invalid_search_filter", str(error)) from None
        asked = parse(body.get("q") or "")
        only = body.get("attributesToSearchOn")
        found: list[tuple[list[Any], float, dict[str, Any]]] = []
        for name, document in self.documents.items():
            if not test(document):
                continue
            attributes = self.attributes(name, document)
            if only is not None:
                names = self.searchable(document)
                attributes = [words if a in only else [] for a, words in zip(names, attributes, strict=True)]
            matched = match(asked, attributes)
            if matched is not None:
                ranks = self.ranks(matched, document, body.get("sort") or [], len(asked.terms))
                found.append((ranks, score(matched, len(asked.terms)), document))
        found.sort(key=lambda hit: hit[0])
        hits = self.distinct(found, body.get("distinct") or self.settings["distinctAttribute"])
        hits = hits[: self.settings["pagination"]["maxTotalHits"]]
        offset, limit = body.get("offset", 0), body.get("limit", 20)
        shown = [self.shown(body, document, points) for _ranks, points, document in hits[offset : offset + limit]]
        counted = {"offset": offset, "limit": limit, "estimatedTotalHits": len(hits)}
        return {"hits": shown, "query": body.get("q") or "", "processingTimeMs": 1, **counted}

    def check(self, body: dict[str, Any]) -> None:
        for name in body.keys() - PARAMETERS:
            raise Refused("bad_request", f"Unknown field `{name}`: expected one of the known parameters.")
        for name in NOT_DONE:
            if body.get(name):
                raise Refused("internal", f"the stand-in does not do `{name}`", 500)
        for name in ("offset", "limit"):
            if not isinstance(body.get(name, 0), int) or body.get(name, 0) < 0:
                raise Refused(f"invalid_search_{name}", f"Invalid value type at `.{name}`.")
        if not isinstance(body.get("q") or "", str):
            raise Refused("invalid_search_q", "Invalid value type at `.q`: expected a string.")
        if body.get("matchingStrategy", "last") != "all":
            raise Refused("internal", "the stand-in does matchingStrategy `all` alone", 500)
        names = self.settings["searchableAttributes"]
        for name in body.get("attributesToSearchOn") or []:
            if names != ["*"] and name not in names:
                raise Refused("invalid_search_attributes_to_search_on", f"Attribute `{name}` is not searchable.")
        for rule in body.get("sort") or []:
            name, _, order = str(rule).partition(":")
            if order not in ("asc", "desc") or name not in self.settings["sortableAttributes"]:
                raise Refused("invalid_search_sort", f"Attribute `{name}` is not sortable.")
        distinct = body.get("distinct")
        if distinct and distinct not in self.settings["filterableAttributes"]:
            raise Refused("invalid_search_distinct", f"Attribute `{distinct}` is not filterable.")

    def ranks(self, found: Match, document: dict[str, Any], sort: list[str], asked: int) -> list[Any]:
        """What documents are sorted by: the ranking rules, one after the other, then the order they came in."""
        by: list[Any] = []
        for rule in self.settings["rankingRules"]:
            if rule == "typo":
                by.append(found.typos)
            elif rule == "attribute":
                by.append(found.attribute)
            elif rule == "proximity":
                by.append(spread(found))
            elif rule == "exactness":
                by.append(asked - found.exact)
            elif rule == "sort":
                by += [order_of(document, each) for each in sort]
            elif ":" in rule:
                by.append(order_of(document, rule))
        return by

    def distinct(self, found: list[Any], attribute: str | None) -> list[Any]:
        """The best of those that have one value in common."""
        if not attribute:
            return found
        seen: set[str] = set()
        kept = []
        for hit in found:
            value = hit[2].get(attribute)
            if value is None or str(value) not in seen:
                seen.add(str(value))
                kept.append(hit)
        return kept

    def shown(self, body: dict[str, Any], document: dict[str, Any], points: float) -> dict[str, Any]:
        displayed, wanted = self.settings["displayedAttributes"], body.get("attributesToRetrieve", ["*"])
        hit = {
            name: value
            for name, value in document.items()
            if (displayed == ["*"] or name in displayed) and (wanted == ["*"] or name in wanted)
        }
        return {**hit, "_rankingScore": points} if body.get("showRankingScore") else hit


def order_of(document: dict[str, Any], rule: str) -> tuple[int, float]:
    """Where a document stands by `attribute:asc` or `:desc`; those without it come last."""
    name, _, order = rule.partition(":")
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (1, 0.0)
    return (0, float(value if order == "asc" else -value))


def spread(found: Match) -> int:
    """How far apart the terms stand, each pair eight at most."""
    return sum(min(8, abs(b - a)) for a, b in zip(found.places, found.places[1:], strict=False))


def score(found: Match, asked: int) -> float:
    """Between 0 and 1, by errors, attribute, spread and exactness in this order of weight."""
    if not asked:
        return 1.0
    exact = found.exact / asked
    near = 1 - spread(found) / (8 * asked)
    return (1 / (1 + found.typos)) * (0.9 if found.attribute else 1.0) * (0.9 + 0.05 * near + 0.05 * exact)


def checked_settings(changes: dict[str, Any]) -> dict[str, Any]:
    """Settings as they were sent. Raises Refused."""
    for name in changes:
        if name not in FRESH:
            raise Refused("bad_request", f"Unknown field `{name}`.")
        if name not in KNOWN:
            raise Refused("internal", f"the stand-in does not do the setting `{name}`", 500)
    for rule in changes.get("rankingRules") or []:
        if not RULES.fullmatch(rule):
            raise Refused("invalid_settings_ranking_rules", f"`{rule}` ranking rule is invalid.")
    for name in ("searchableAttributes", "displayedAttributes", "filterableAttributes", "sortableAttributes"):
        value = changes.get(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            raise Refused(f"invalid_settings_{snake(name)}", f"Invalid value type at `.{name}`.")
    return changes


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
