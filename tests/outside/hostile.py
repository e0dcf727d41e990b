"""Hostile and real texts out of the test data, and a checker of HTML that shares no code with the sanitiser."""

import gzip
import json
import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / os.environ.get("HAAS_TEST_DATA", "../shared") / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no test data at {DATA} (set HAAS_TEST_DATA)")


def payloads() -> list[str]:
    """Every XSS payload and naughty string, each once, in the order of the files."""
    lines = (DATA / "hostile/xss.txt").read_text("utf-8").split("\n")
    purify = [case["payload"] for case in json.loads((DATA / "hostile/dompurify-expect.json").read_text("utf-8"))]
    naughty = json.loads((DATA / "hostile/blns.json").read_text("utf-8"))
    return list(dict.fromkeys([line for line in lines if line] + purify + naughty))


def pathological(length: int) -> list[tuple[str, str]]:
    """Name and text of each pathological case, as large as fits into `length` characters."""
    cases = json.loads((DATA / "hostile/markdown-pathological.json").read_text("utf-8"))["cases"]
    return [(case["name"], _grown(case, length)) for case in cases]


def _grown(case: dict[str, Any], length: int) -> str:
    if "pattern" in case:
        return _stepped(case["name"], case["levels"], length)
    if "then" in case:
        first = {key: value for key, value in case.items() if key != "then"}
        return _grown(first, length // 2) + _grown(case["then"], length // 2)
    prefix, unit, middle, closing, suffix = (
        case.get(key, "") for key in ("prefix", "unit", "middle", "closing_unit", "suffix")
    )
    room = length - len(prefix) - len(middle) - len(suffix)
    repeat = min(case.get("repeat", 1), room // (len(unit) + len(closing))) if unit or closing else 1
    return str(prefix + unit * repeat + middle + closing * repeat + suffix)


def _stepped(name: str, levels: int, length: int) -> str:
    """The cases that the file describes in words, step after step while they fit."""
    if name == "many references":
        definitions = "".join(f"[{i}]: u\n" for i in range(1, length // 15))
        return definitions + "[0] " * ((length - len(definitions)) // 4)
    step = {
        "deeply nested lists": lambda i: " " * (2 * i) + "* a\n",
        "backticks": lambda i: "e" + "`" * i,
        "footnote definitions nested": lambda i: f"[^{i}]: " + " " * (4 * i) + f"[^{i + 1}]\n",
    }[name]
    text = ""
    for i in range(levels):
        if len(text) + len(step(i)) > length:
            break
        text += step(i)
    return text


def bodies() -> Iterator[str]:
    """Every issue, pull request, review and comment of the GitHub archives, and the bodies of the REST rows."""
    for path in sorted((DATA / "github-archive").glob("*/archive.json*")):
        archive = json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        for issue in archive["issues"] + archive["pulls"]:
            yield issue["body"]
            for part in issue["comments"] + issue.get("reviews", []):
                yield part["body"]
                yield from (comment["body"] for comment in part.get("comments", []))
    rows = gzip.decompress((DATA / "github-rest/huggingface-datasets-issues.jsonl.gz").read_bytes())
    yield from (json.loads(line)["body"] or "" for line in rows.splitlines())


_MAY_STAND = {
    "a": "href title class rel",
    "details": "open",
    "div": "class tabindex role aria-label",
    "img": "src alt title width height loading",
    "input": "type disabled checked",
    "li": "class",
    "ol": "start",
    "pre": "tabindex role aria-label",
    "span": "class",
    "table": "class",
    "td": "class colspan rowspan",
    "th": "class colspan rowspan",
}
_BARE = """b blockquote br caption code del em h3 h4 h5 h6 header hr i ins kbd label p s samp strong sub summary sup
    tbody tfoot thead tr ul"""
_MAY_STAND |= dict.fromkeys(_BARE.split(), "")
_VOID = {"br", "hr", "img", "input"}
_OUR_CLASSES = {"mention", "issue", "image", "codebox", "scroll", "task", "k", "s", "c", "m", "table", "n"}


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = _MAY_STAND.get(tag)
        if allowed is None:
            self.wrong.append(f"element <{tag}>")
            return
        for name, value in attrs:
            if name not in allowed.split():
                self.wrong.append(f"attribute {name} on <{tag}>")
            if name in ("href", "src"):
                seen = re.sub(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028\u2029\ufeff]", "", value or "").lower()
                places = ("/",) if name == "src" else ("http://", "https://", "mailto:", "/", "#")
                if not seen.startswith(places) or seen.startswith(("//", "/\\")) or seen != (value or "").lower():
                    self.wrong.append(f"URL {value!r} on <{tag}>")
            if name == "class" and not set((value or "").split()) <= _OUR_CLASSES:
                self.wrong.append(f"class {value!r} on <{tag}>")
        values = dict(attrs)
        outside = (values.get("href") or "").lower().startswith("http")
        if tag == "a" and outside and values.get("rel") != "nofollow ugc noopener":
            self.wrong.append(f"link without rel to {values['href']!r}")
        if tag == "input" and (values.get("type") != "checkbox" or "disabled" not in values):
            self.wrong.append("input that is no disabled checkbox")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes something else")

    def handle_comment(self, data: str) -> None:
        self.wrong.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.wrong.append("processing instruction")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append("unknown declaration")


def violations(html: str) -> list[str]:
    """What in this HTML should never come out of cooking; empty when all is well and every element is closed."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    return checker.wrong + [f"<{tag}> left open" for tag in checker.open]
