"""The page of a thread as all get it who are signed in and have no part in it: made for nobody, and filled in for each."""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from markupsafe import Markup, escape

from forum.database.engine import Row
from forum.threads.kept import KeptInFile, stamp_of
from forum.threads.rules import WHOLE_MOST
from forum.web import i18n, parts
from forum.web.packed import pack, unpack
from forum.web.pages import FLASH, theme_of
from forum.web.reader import Reader
from forum.web.requests import Request

PLACES = ("top_bar", "top_banner", "thread_ticket", "thread_below", "composer")
shared_pages = KeptInFile(256_000_000, hot=16_000_000)
# Nobody can write a mark into a post, where a reader's token would then stand.
SALT = secrets.token_hex(8)
USERNAME, NAME, INITIALS, HUE, TOKEN, KEY, UNREAD, BELL = (f"\ue000{SALT}{n}\ue001" for n in range(8))
MARK = re.compile(f"\ue000{SALT}([0-7])\ue001".encode())


@dataclass(frozen=True)
class Nobody(Reader):
    """Somebody who is signed in, with marks for what tells one from another; no row has the id 0."""

    id: int | None = 0
    username: str = USERNAME
    name: str = NAME
    is_confirmed: bool = True

    @property
    def hue(self) -> Any:
        return HUE

    @property
    def unread_shown(self) -> Markup:
        return Markup(UNREAD)

    @property
    def bell_stream(self) -> str:
        return BELL

    @property
    def initials(self) -> str:
        return INITIALS


def is_shared(request: Request, head: Row) -> bool:
    """Whether this reader has no part in the thread or the site, so that the page differs by nothing but the marks.

    `head` is a row of page_head. What stands in one of the page's places must say of itself that it is alike. A long
    thread is not shared: whether somebody wrote on another one of its pages is not known here.
    """
    reader = request.reader
    return (
        head["is_plain"]
        and head["last_number"] <= WHOLE_MOST
        and head["visibility"] == "public"
        and head["draft"] is None
        and reader.is_confirmed
        and not reader.mail_stopped
        and reader.site_role == "member"
        and not reader.roles
        and not request.query_params
        and FLASH not in request.scope["haas.cookies"]
        and all(parts.are_alike(place) for place in PLACES)
    )


def kept_page(request: Request, head: Row, number: int) -> bytes | None:
    """The page of this number for this reader, if it is kept and nothing has changed."""
    kept = shared_pages.get(place_of(request, head, number), stamp_of(head))
    return filled(request, unpack(kept[0]), kept[1]) if kept else None


def place_of(request: Request, head: Row, number: int) -> tuple[Any, ...]:
    reader = request.reader
    return head["id"], number, theme_of(request), reader.shortcuts, reader.switches, i18n.current.get()


def for_nobody(request: Request) -> Request:
    """The same request by nobody in particular."""
    reader = request.reader
    nobody = Nobody(theme=theme_of(request), shortcuts=reader.shortcuts, locale=reader.locale, switches=reader.switches)
    return Request({**request.scope, "haas.reader": nobody, "haas.token": TOKEN, "haas.bearer": TOKEN})


def keep_page(request: Request, head: Row, number: int, made: bytes) -> bytes:
    """Keep what `for_nobody` was answered; returns the page for this reader. ValueError where a mark was changed."""
    pieces = MARK.split(made)
    slots = tuple(map(int, pieces[1::2]))
    text = b"%b".join(piece.replace(b"%", b"%%") for piece in pieces[::2])
    if SALT.encode() in text:
        raise ValueError("a page shows its reader in a way that forum/threads/shared.py does not know")
    shared_pages.put(place_of(request, head, number), stamp_of(head), pack(text), slots)
    return filled(request, text, slots)


def filled(request: Request, text: bytes, slots: tuple[int, ...]) -> bytes:
    """The page for this reader."""
    reader = request.reader
    name = reader.name or reader.username
    shown = (
        reader.username,
        name,
        reader.initials,
        str(reader.hue),
        request.csrf_token,
        str(uuid4()),
        reader.unread_shown,
        reader.bell_stream,
    )
    values = [escape(value).encode() for value in shown]
    return text % tuple(values[slot] for slot in slots)
