"""Mail that comes in, for tests: made in a line, brought through the door or by SMTP, and handled."""

from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

from forum.database.engine import Row, fetch, fetch_one
from forum.mail.addresses import reply_token
from forum.mail.arriving.door import Mailed, take_in
from forum.settings import Settings, use
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

DOMAIN = "help.example"
AUTHSERV = "mx.help.example"


def with_mail(settings: Settings, **more: Any) -> Settings:
    """Settings of a site that takes mail, and is used from now on."""
    chosen = replace(settings, mail_domain=DOMAIN, **more)
    use(chosen)
    return chosen


def mail(
    sender: str,
    recipient: str,
    text: str,
    *,
    subject: str = "Re: a question",
    message_id: str = "<1@home.example>",
    html: str = "",
    headers: tuple[tuple[str, str], ...] = (),
    files: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    """The bytes of a mail, its lines ended as on the way."""
    made = EmailMessage()
    for name, value in headers:
        made[name] = value
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = subject
    made["Message-ID"] = message_id
    made["Date"] = "Sat, 28 Nov 2026 10:00:00 +0000"
    if text:
        made.set_content(text)
    if html:
        made.set_content(html, subtype="html")
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return bytes(made).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def vouched(result: str) -> tuple[str, str]:
    """The header by which our own mail server says what it found out."""
    return "Authentication-Results", f"{AUTHSERV}; dmarc={result} header.from=example.org"


async def answer_address(browser: Browser, thread: int, project: str = "pelican") -> str:
    return f"{project}+t{await reply_token(browser.person or 0, thread)}@{DOMAIN}"


async def bring(site: Site, raw: bytes, *recipients: str, sender: str = "someone@example.org") -> Row | None:
    """Bring a mail through the door and have it handled; what became of it."""
    await take_in(Mailed(sender, recipients, raw))
    await site.jobs()
    return await fetch_one("select * from arrival order by at desc, incoming_id desc limit 1")


async def posts_of(thread: int) -> list[Row]:
    """The posts of a thread: (number, author_id, purpose, markdown, html)."""
    return await fetch(
        "select id, number, author_id, purpose, markdown, html from post where thread_id = $1 order by number", thread
    )


@dataclass
class Post:
    """A world with one waiting ticket of ana's, and the addresses of answers to it."""

    world: World
    thread: int
    url: str
    ana: Browser
    anas: str
    sams: str

    @classmethod
    async def make(cls, site: Site) -> "Post":
        world = await World.make(site)
        asked = await world.ask("How do I resample without losing the last window?")
        ana, thread = world.people["ana"], asked.posted.thread
        return cls(
            world,
            thread,
            asked.posted.url,
            ana,
            await answer_address(ana, thread),
            await answer_address(world.supporter, thread),
        )
