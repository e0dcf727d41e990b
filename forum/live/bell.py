"""The stream of somebody's bell: how many of their notices are unread, of those that they may see at that moment."""

from collections.abc import Mapping
from dataclasses import replace

from forum.live.streams import News
from forum.web import i18n
from forum.web.reader import Reader
from forum.web.sessions import bell_of


async def bell_since(person: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """The count for whose it is, and for nobody else. The version is how things are: what may not be seen any more is
    another state, too, and needs nobody to say so."""
    own = {n: pair for n, pair in asked.items() if pair[0].id == person}
    if not own:
        return {}
    bell = await bell_of(person)
    answers = {}
    for n, (reader, have) in own.items():
        answers[n] = News(bell, () if have == bell else (shown(reader, bell),))
    return answers


def shown(reader: Reader, bell: int) -> dict[str, str]:
    """The count, in the reader's language."""
    i18n.current.set(reader.locale or "en")
    return {"id": "bell_count", "inner": str(replace(reader, bell=bell).unread_shown)}
