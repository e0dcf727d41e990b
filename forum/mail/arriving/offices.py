"""Mail to postmaster@ and abuse@: passed on to who runs the site (RFC 5321 §4.5.1, RFC 2142), as a mail of ours."""

from typing import Final

from forum.accounts.rules import is_email
from forum.database.engine import fetch
from forum.jobs import enqueue
from forum.mail.arriving.mail import Fate, Mail
from forum.mail.letters import mail_domain
from forum.mail.reading.vouched import Vouched
from forum.settings import settings
from forum.web.errors import TooMany
from forum.web.limits import limit

# Mails that are passed on in an hour, of one address and in all: nobody has the admins flooded.
OF_ONE_MOST: Final = 5
IN_ALL_MOST: Final = 30
HOUR: Final = 3600
TEXT_MOST: Final = 20_000


async def pass_on(mail: Mail) -> Fate:
    """Send a person's mail on to every admin. What a machine wrote never comes here; what lists bring, or fails DMARC, is
    not passed on."""
    understood = mail.understood
    letter = understood.letter
    if understood.is_bulk:
        return Fate("held", "came by a list")
    if mail.vouched is Vouched.FAILED:
        return Fate("held", "fails DMARC")
    if mail.sender.rpartition("@")[2] == mail_domain(settings()).lower():
        # nobody has a mailbox there: what says it comes from us is a loop or a lie
        return Fate("dropped", "says it comes from this site")
    admins = await fetch(
        "select id from person where site_role = 'admin' and disabled_at is null and same_as is null and kind = 'local'"
        " and email_confirmed_at is not null order by id"
    )
    if not admins:
        return Fate("held", "no admin has a confirmed address")
    try:
        await limit(f"office-of:{mail.sender}", most=OF_ONE_MOST, seconds=HOUR)
        await limit("office", most=IN_ALL_MOST, seconds=HOUR)
    except TooMany:
        return Fate("held", "too many mails to who runs the site")
    for admin in admins:
        await enqueue(
            "send_mail",
            template="office",
            person=admin["id"],
            key=f"office:{mail.same}",
            envelope={"reply_to": mail.sender} if is_email(mail.sender) else {},
            office=mail.address.office,
            sender=mail.sender,
            about=letter.subject[:200],
            text=understood.text[:TEXT_MOST],
            files=len(letter.body.files) + letter.body.lost,
        )
    return Fate("noted", f"passed on to {len(admins)} of those who run the site")
