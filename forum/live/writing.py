"""That somebody of the team is writing in a thread: told to the team alone, kept in no row, forgotten by itself."""

import time
from collections import defaultdict
from collections.abc import Mapping

from forum.database.engine import fetch, fetch_value
from forum.events import hint
from forum.live.streams import News
from forum.threads.visibility import in_team, visible_thread
from forum.web.i18n import _, ngettext
from forum.web.reader import Reader

# Whoever goes on writing says so every few seconds; who has not for this long (seconds) has stopped.
FORGOTTEN = 9.0
# A socket is heard at most this often (seconds); what comes sooner says nothing new.
PAUSE = 2.5

# thread → person → when they were last heard of, on time.monotonic(); of all processes, by their hints
_heard: dict[int, dict[int, float]] = defaultdict(dict)


async def say_writing(reader: Reader, thread: int) -> None:
    """Let the others of the team know that the reader is writing in a thread. Nothing for who is not of the team, or may
    not see the thread: it is asked each time."""
    if not reader.is_signed_in or not await fetch_value(
        f"select 1 from thread t where t.id = $1 and {visible_thread('t', '$2')} and {in_team('t', '$2::bigint')}",
        thread,
        reader.person,
    ):
        return
    hint(f"writing:{thread}", reader.person)


def note_writing(thread: int, person: int) -> None:
    """A hint of some process came: this person is writing in that thread."""
    now = time.monotonic()
    for each in list(_heard):
        _heard[each] = {who: at for who, at in _heard[each].items() if now - at < FORGOTTEN}
        if not _heard[each]:
            del _heard[each]
    _heard[thread][person] = now


def who_writes(thread: int) -> list[int]:
    """Who was heard of in a thread not long ago."""
    now = time.monotonic()
    return [person for person, at in _heard.get(thread, {}).items() if now - at < FORGOTTEN]


def sentence(names: list[str]) -> str:
    """Who writes, in words; "" for nobody."""
    if not names:
        return ""
    if len(names) > 2:
        return _("%(name)s and %(n)d others are writing") % {"name": names[0], "n": len(names) - 1}
    both = _("%(a)s and %(b)s") % {"a": names[0], "b": names[1]} if len(names) == 2 else names[0]
    return ngettext("%(names)s is writing", "%(names)s are writing", len(names)) % {"names": both}


async def writing_since(thread: int, asked: Mapping[int, tuple[Reader, int]]) -> dict[int, News]:
    """Who is writing now, for each of the team who may see the thread; nobody is told of themselves."""
    rows = await fetch(
        "select p.id, coalesce(nullif(p.name, ''), p.username) as name, p.id = any($3) as writes from thread t"
        " join project_member m on m.project_id = t.project_id join person p on p.id = m.person_id"
        f" where t.id = $1 and p.id = any($2 || $3) and {visible_thread('t', 'p.id')} order by p.id",
        thread,
        [reader.id for reader, _version in asked.values() if reader.id is not None],
        who_writes(thread),
    )
    team = {row["id"] for row in rows}
    answers = {}
    for n, (reader, version) in asked.items():
        if reader.id in team:
            others = [row["name"] for row in rows if row["writes"] and row["id"] != reader.id]
            item = {"id": "writing", "writing": sentence(others), "seconds": FORGOTTEN}
            answers[n] = News(version, (item,) if others else ())
    return answers
