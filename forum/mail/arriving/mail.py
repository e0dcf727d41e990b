"""A mail that is being handled, and what can become of one."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from forum.database.engine import Row, execute, fetch_one, fetch_value
from forum.jobs import enqueue
from forum.mail.addresses import Address, without_secrets
from forum.mail.reading.understood import Understood, ended, folded
from forum.mail.reading.vouched import Vouched
from forum.origins import remember
from forum.threads.uploads import keep_upload, markdown_for
from forum.web.errors import TooMany
from forum.web.i18n import _, ngettext
from forum.web.limits import limit

# Namespace of the keys by which a mail that is handled twice makes one post.
MAILS: Final = uuid.UUID("6c0f4a0e-6a1d-5f2e-9a55-7c2f1f3b8e41")
# How many mails that say "this was not posted" one person, or one address, gets in a day.
TOLD_MOST: Final = 5
DAY: Final = 86_400


@dataclass(frozen=True)
class Fate:
    """What became of a mail: `outcome` as the table `arrival` has it, `reason` in words for who runs the site."""

    outcome: str
    reason: str = ""
    person: int | None = None
    project: int | None = None
    thread: int | None = None


@dataclass(frozen=True)
class Mail:
    """A mail on its way: the row it was kept in, what it was addressed to, what it says, and who vouches for its From.
    `same`: what two deliveries of it have in common."""

    delivery: int
    same: str
    address: Address
    understood: Understood
    vouched: Vouched

    @property
    def key(self) -> uuid.UUID:
        """By which the same mail is the same post, however often it is handled."""
        return uuid.uuid5(MAILS, self.same)

    @property
    def sender(self) -> str:
        return self.understood.letter.sender

    @property
    def foreign_id(self) -> str:
        """Its Message-ID, as `origin_alias` keeps it."""
        return self.understood.letter.message_id[:250]


async def member_at(address: str) -> Row | None:
    """Who has confirmed this address: (id, disabled)."""
    return await fetch_one(
        "select id, disabled_at is not null as is_disabled from person where lower(email) = lower($1)"
        " and email_confirmed_at is not null and same_as is null and kind = 'local'",
        address,
    )


async def with_files(person: int, mail: Mail, text: str) -> tuple[str, list[int]]:
    """The Markdown of a post: the words, the files, and what was folded away; and the ids of the files, kept now."""
    body = mail.understood.letter.body
    kept = [await keep_upload(person, file.name, file.content) for file in body.files if file.content]
    shown = "\n".join(markdown_for(upload) for upload in kept)
    pieces = [piece for piece in (ended(text.strip("\n")), shown) if piece.strip()]
    if body.lost:
        lost = ngettext(
            "*One file was too large, or one too many, and was left out.*",
            "*%(num)d files were too large, or too many, and were left out.*",
            body.lost,
        )
        pieces.append(lost % {"num": body.lost})
    whole = "\n\n".join(pieces) + folded(mail.understood.cut, _("Quoted text and signature"))
    return without_secrets(whole), [u["id"] for u in kept]


async def came_by_mail(mail: Mail, post: int) -> None:
    """Mark a post as one that came by mail, and remember by which."""
    await execute("update post set by_mail = true where id = $1", post)
    if mail.foreign_id:
        await remember("mail", "post", post, [mail.foreign_id])


async def tell_by_mail(mail: Mail, person: int, template: str, **values: Any) -> None:
    """Answer a mail by a mail to a member, unless it came by a list or to many, and not too often."""
    if mail.understood.is_bulk:
        return
    try:
        await limit(f"mail-told:{person}", most=TOLD_MOST, seconds=DAY)
    except TooMany:
        return
    await enqueue("send_mail", template=template, person=person, key=f"{template}:{mail.same}", **values)


async def project_name(project: int) -> str:
    return str(await fetch_value("select name from project where id = $1", project))
