"""Markup: turns what people write (Markdown, with habits of GitHub and Discourse) into safe HTML, purely."""

from forum.markup.cook import COOK_VERSION, Cooked, Quote, cook, find_mentions
from forum.markup.sanitise import is_safe, sanitise
from forum.markup.text import MAX_LENGTH, TooLong, excerpt, plain

__all__ = [
    "COOK_VERSION",
    "MAX_LENGTH",
    "Cooked",
    "Quote",
    "TooLong",
    "cook",
    "excerpt",
    "find_mentions",
    "is_safe",
    "plain",
    "sanitise",
]
