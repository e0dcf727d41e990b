"""Phrases in running text: tables of them laid out by first word, so that a text is walked once (pure)."""

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind = Literal["support", "bugs", "features", "security"]
# first word of a phrase -> (all its words, weight, kind, the reason to give)
Index: TypeAlias = dict[str, list[tuple[tuple[str, ...], int, Kind, str]]]
# (kind, reason) -> weight
Found: TypeAlias = dict[tuple[Kind, str], int]

WORD = re.compile(r"[^\W_]+(?:['_][^\W_]+)*")


def word_set(words: str) -> frozenset[str]:
    """A set of the words of a string, so that the tables below read as lists."""
    return frozenset(words.split())


def index_of(tables: Mapping[Kind, Mapping[int, str]], prefix: str = "") -> Index:
    """Lay out phrase tables by first word, so that a text is walked once whatever the number of phrases."""
    index: Index = {}
    for kind, weights in tables.items():
        for weight, phrases in weights.items():
            for phrase in phrases.split("|"):
                words = tuple(phrase.split())
                index.setdefault(words[0], []).append((words, weight, kind, prefix + " ".join(words)))
    for entries in index.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return index


def find_phrases(words: list[str], index: Index, found: Found) -> None:
    """Add to `found` the longest phrase of the index at each place, without overlaps; a phrase counts once."""
    free = 0
    for place, word in enumerate(words):
        if word in index and place >= free:
            for phrase, weight, kind, reason in index[word]:
                size = len(phrase)
                if size == 1 or tuple(words[place : place + size]) == phrase:
                    found[kind, reason] = weight
                    free = place + size
                    break
