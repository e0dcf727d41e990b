"""A mail to the address of an answer: a post by whom that address was given to, if it is them who wrote."""

import re
from dataclasses import replace
from typing import Final

from forum.database.engine import Row, connection, fetch_one, fetch_value
from forum.mail.addresses import whose_reply
from forum.mail.arriving.mail import Fate, Mail, came_by_mail, tell_by_mail, with_files
from forum.mail.letters import mail_domain, unsealed
from forum.mail.reading.understood import is_just_thanks, purpose_of
from forum.mail.reading.vouched import Vouched
from forum.settings import settings
from forum.threads.uploads import hang_uploads
from forum.threads.visibility import is_self, visible_post, visible_thread
from forum.threads.writing import Posted, post_reply
from forum.web import i18n
from forum.web.errors import NotFound, Problem, TooMany
from forum.web.i18n import _
from forum.web.reader import Reader
from forum.web.sessions import reader_of_person

TITLE_MOST: Final = 120
# What a mail about a post is called, by the post's id and the person's (forum/notifications/mailing.py).
OF_POST: Final = re.compile(r"post-([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")


async def take_reply(mail: Mail) -> Fate:
    """Post a mail as its person's answer, or hold it and tell them why not. The token is checked here, whatever checked
    it before (trust.md F72). Raises TooMany: the job tries again later."""
    whose = await whose_reply(mail.address.token)
    if whose is None:
        return Fate("dropped", "its address is gone")
    person, thread = whose["person_id"], whose["thread_id"]
    known = await fetch_one(
        "select id, email, email_confirmed_at is not null as is_confirmed, locale from person"
        " where id = $1 and disabled_at is null and same_as is null",
        person,
    )
    fate: dict[str, int | None] = {"person": person, "project": mail.address.project, "thread": thread}
    if known is None:
        return Fate("held", "the person may not sign in any more", **fate)
    i18n.current.set(known["locale"] or "en")
    if doubt := distrust(mail, known):
        await not_posted(mail, person, thread, doubt[1])
        return Fate("held", doubt[0], **fate)
    try:
        await post(await reader_of_person(person), mail, thread)
    except TooMany:
        raise
    except Problem as problem:
        await not_posted(mail, person, thread, problem.message)
        return Fate("held", f"not posted: {problem.kind}", **fate)
    return Fate("posted", "", **fate)


def distrust(mail: Mail, known: Row) -> tuple[str, str] | None:
    """Why a mail is not taken for its person's, for who runs the site and for the person; None where it is (F73)."""
    if not known["is_confirmed"]:
        return "address not confirmed", _("Your address is not confirmed yet.")
    if mail.sender != (known["email"] or "").lower():
        return "from another address", _("It did not come from the address of your account.")
    if mail.vouched is Vouched.FAILED:
        return "fails DMARC", _("The server of that address says that it did not send this mail (DMARC).")
    return None


async def post(reader: Reader, mail: Mail, thread: int) -> Posted:
    """The post itself: all of it or nothing. Raises what `post_reply` raises."""
    role = await part_in(reader, thread)
    if not role:
        raise NotFound
    purpose, text = purpose_of(mail.understood.text)
    hidden = await hidden_before(mail)
    if hidden == "whisper":
        # so the team's talk stays among them: for everybody is only what says so
        purpose = purpose or "whisper"
    elif role == "team":
        purpose = purpose or "reply"
    else:
        # only who asked can turn an answered ticket into a waiting one: short thanks do not
        purpose, text = ("thanks" if is_just_thanks(mail.understood.text) else "reply"), mail.understood.text
    if hidden and purpose != "whisper":
        mail = without_cut(mail)
    is_quoted = all(line.startswith(">") for line in text.split("\n") if line.strip())
    if is_quoted and not mail.understood.letter.body.files:
        raise Problem(_("There is nothing in it but what it quotes."))
    async with connection() as link, link.transaction():
        markdown, files = await with_files(reader.person, mail, text)
        answers = await answered(reader, mail, thread, purpose)
        posted = await post_reply(reader, thread, markdown, purpose=purpose, reply_to=answers, key=mail.key)
        if posted.is_new:
            await hang_uploads(files, thread, posted.post)
            await came_by_mail(mail, posted.post)
    return posted


def post_named(mail: Mail) -> re.Match[str] | None:
    """The post and the person of the nearest of our own mails that a mail answers; None where that was about no post."""
    current = settings()
    names = (unsealed(each, mail_domain(current), current.secret_key) for each in mail.understood.letter.ids)
    return OF_POST.fullmatch(next(filter(None, names), ""))


async def hidden_before(mail: Mail) -> str:
    """What a mail answers that not everybody may read: a `whisper`, or what was `removed`, whoever got ours about it and
    wherever it is by now; "" for all else."""
    found = post_named(mail)
    if found is None:
        return ""
    sql = "select case when is_whisper then 'whisper' when deleted_at is not null then 'removed' end from post where id = $1"
    return await fetch_value(sql, int(found[1])) or ""


def without_cut(mail: Mail) -> Mail:
    """A mail without what it quotes."""
    return replace(mail, understood=replace(mail.understood, cut=""))


async def answered(reader: Reader, mail: Mail, thread: int, purpose: str) -> int | None:
    """The number of the post that a mail answers: that which the nearest of our own mails among its references was about,
    and was sent to this very person about; None where that is not in this thread, or not there for everybody who will
    read the answer. What answers the first post answers the thread, as on its page."""
    found = post_named(mail)
    if found is None or int(found[2]) != reader.person:
        return None
    number: int | None = await fetch_value(
        "select p.number from post p join thread t on t.id = p.thread_id where p.id = $1 and p.thread_id = $2"
        f" and p.number > 1 and p.deleted_at is null and (not p.is_whisper or $4) and {visible_post('p', 't', '$3')}",
        int(found[1]),
        thread,
        reader.person,
        purpose == "whisper",
    )
    return number


async def part_in(reader: Reader, thread: int) -> str:
    """What a reader is to a thread, as far as they may see it: `team`, `own`, `other` where it has no ticket; "" for who
    has nothing to say there by mail: to a ticket's address only the team and its requesters write."""
    row = await fetch_one(
        "select t.project_id, t.author_id, exists (select 1 from thread_participant w where w.thread_id = t.id"
        f" and {is_self('w.person_id', '$2')} and w.kind = 'requester') as asks,"
        " exists (select 1 from person me where me.id = t.author_id and (me.id = $2 or me.same_as = $2)) as is_own,"
        " exists (select 1 from thread_participant w where w.thread_id = t.id and w.kind = 'requester') as has_ticket"
        f" from thread t where t.id = $1 and {visible_thread('t', '$2')}",
        thread,
        reader.id,
    )
    if row is None or not reader.is_signed_in:
        return ""
    if reader.is_team(row["project_id"]) and not row["asks"]:
        return "team"
    if row["asks"] or row["is_own"]:
        return "own"
    return "" if row["has_ticket"] else "other"


async def not_posted(mail: Mail, person: int, thread: int, reason: str) -> None:
    """Tell a person that a mail in their name was not posted, and why; the thread only where they may see it."""
    title = await fetch_value(
        f"select t.title from thread t where t.id = $1 and {visible_thread('t', '$2')}", thread, person
    )
    await tell_by_mail(
        mail,
        person,
        "not_posted",
        reason=reason,
        title=(title or "")[:TITLE_MOST],
        path=f"/t/{thread}" if title else "",
    )
