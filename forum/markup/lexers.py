"""Lexers of our own, where Pygments' takes time quadratic in the code (measured: Java and C#, 20 s for 20 kB)."""

from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Text

_COMMON = (
    "abstract break byte case catch char class const continue default do double else enum false finally float for "
    "goto if int interface long new null private protected public return short static switch this throw true try "
    "var void volatile while yield "
)


def _rules(keywords: str, strings: str) -> dict[str, list[tuple[object, object]]]:
    """Rules in which nothing is repeated within something repeated, so that each character is read once or twice."""
    return {
        "root": [
            (r"\s+", Text),
            (r"//[^\n]*", Comment),
            (r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?", Comment),
            (strings, String),
            (r"'(?:\\[^\n]|[^'\\\n]){1,10}'", String),
            (r"0[xXbB][0-9a-fA-F_]++[lLuU]*|[0-9][0-9_]*+(?:\.[0-9_]++)?(?:[eE][+-]?[0-9]++)?[fFdDmMlLuU]*", Number),
            (words(tuple(keywords.split()), prefix=r"(?<!\w)", suffix=r"(?!\w)"), Keyword),
            (r"@\w++", Name.Decorator),
            (r"[^\W\d]\w*+", Name),
            (r"[(){}\[\];,.]", Punctuation),
            (r"[^\w\s]", Operator),
        ]
    }


class Java(RegexLexer):
    """Java, in the few classes that the style sheet knows."""

    name = "Java"
    tokens: ClassVar = _rules(
        _COMMON + "assert boolean exports extends final implements import instanceof module native non-sealed package "
        "permits record requires sealed strictfp super synchronized throws transient",
        r'"""(?:[^"]|"(?!""))*+(?:""")?|"(?:\\[^\n]|[^"\\\n])*+"?',
    )


class CSharp(RegexLexer):
    """C#, in the few classes that the style sheet knows."""

    name = "C#"
    tokens: ClassVar = _rules(
        _COMMON + "as async await base bool checked decimal delegate dynamic event explicit extern fixed foreach get "
        "implicit in init internal is lock namespace nameof nint object operator out override params partial readonly "
        "record ref required sbyte sealed set sizeof stackalloc string struct typeof uint ulong unchecked unsafe "
        "ushort using value virtual when where with",
        r'\$?@\$?"(?:[^"]|"")*+"?|\$?"(?:\\[^\n]|[^"\\\n])*+"?',
    )
