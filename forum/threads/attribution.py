"""Whose a post from elsewhere is: who wrote it, where, under which licence, how it was voted on. One line, everywhere
where its text is shown (Creative Commons BY-SA asks for author, source and licence)."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

from markupsafe import Markup

from forum.web import i18n
from forum.web.i18n import _

Kind = Literal["question", "answer", "comment"]
LICENCE = re.compile(r"CC BY-SA (\d\.\d)")
REL = "nofollow ugc noopener"


@dataclass(frozen=True)
class Attribution:
    """What is kept with a post. `site`: a host. `by`: the name there; `by_url`: their page, None where they are gone
    from there. `score`: votes for less votes against; `up` and `down` None where the source does not tell. `on`: the
    kind of post a comment is about, and `on_by` its author's name."""

    site: str
    kind: Kind
    by: str
    licence: str
    by_url: str | None = None
    score: int | None = None
    up: int | None = None
    down: int | None = None
    on: Literal["question", "answer"] | None = None
    on_by: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As the column has it; `gone` names an author without an account, who is shown by that name."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return told if self.by_url else told | {"gone": self.by}


def licence_url(licence: str) -> str:
    """Where a licence's text stands; "" for one that is not known."""
    found = LICENCE.fullmatch(licence)
    return f"https://creativecommons.org/licenses/by-sa/{found[1]}/" if found else ""


def attribution_line(told: Mapping[str, Any] | None, url: str | None) -> Markup:
    """The line as HTML, with whole addresses; "" for a post of this site. `url`: of the post there."""
    if not told:
        return Markup("")
    return _line(i18n.current.get(), url or "", *(told.get(name) for name in SHOWN))


def with_attribution(html: str, post: Mapping[str, Any]) -> str:
    """A post's HTML, or the beginning of it, with whose it is below; `post` has `attribution` and `origin_url`."""
    return html + str(attribution_line(post["attribution"], post["origin_url"]))


SHOWN = ("site", "kind", "by", "by_url", "licence", "score", "up", "down")


@lru_cache(maxsize=4096)
def _line(
    _locale: str,
    url: str,
    site: str,
    kind: str,
    by: str,
    by_url: str | None,
    licence: str,
    score: int | None,
    up: int | None,
    down: int | None,
) -> Markup:
    author = linked(by, by_url)
    place = linked(site, url)
    said = {
        "question": _("Asked by %(author)s on %(place)s"),
        "answer": _("Answered by %(author)s on %(place)s"),
        "comment": _("Comment by %(author)s on %(place)s"),
    }.get(kind, _("Written by %(author)s on %(place)s"))
    parts = [Markup(said) % {"author": author, "place": place}]
    if score is not None and (score or kind != "comment"):
        parts.append(Markup(votes_text(score, up, down)))
    parts.append(linked(licence, licence_url(licence), "license"))
    return Markup('<p class="from">{}</p>').format(Markup(" · ").join(parts))


def votes_text(score: int, up: int | None, down: int | None) -> str:
    shown = str(score).replace("-", "\N{MINUS SIGN}")
    if up is None or down is None or not down:
        return _("score %(score)s") % {"score": shown}
    return _("score %(score)s (%(up)d up, %(down)d down)") % {"score": shown, "up": up, "down": down}


def linked(text: str, url: str | None, more: str = "") -> Markup:
    if not url or not url.startswith("https://"):
        return Markup("<span>{}</span>").format(text)
    return Markup('<a href="{}" rel="{}">{}</a>').format(url, f"{more} {REL}".strip(), text)
