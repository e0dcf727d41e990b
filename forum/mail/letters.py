"""How a mail is worded and put together: pure, no database and no network."""

import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from forum.accounts.rules import plain_name
from forum.settings import Settings
from forum.web.i18n import _, gettext, ngettext
from forum.web.money import money

TEMPLATES: Final = Path(__file__).parent / "templates"
# Apart from the pages: in mails, looks stand in the elements, which no page may have.
PAGES: Final = Path(__file__).parent / "html"
# RFC 5322 §2.1.1: a line may have 998 characters; links are not to be broken before that.
POLICY: Final = SMTP.clone(max_line_length=998)
HOLES: Final = re.compile(r"\n{3,}")
ALONE: Final = re.compile(r"^[ \t]*(https?://\S+)[ \t]*$", re.M)
URL: Final = re.compile(r"https?://\S+")
# What a page folds away (a log, what a mail quoted) is on the page: a mail says that it is there.
FOLDED: Final = re.compile(r"^<details><summary>([^<\n]{0,200})</summary>$.*?^</details>$", re.M | re.S)
SUMMARY: Final = re.compile(r"<details><summary>(.*?)</summary>", re.S)
TICKED: Final = re.compile(r'<input type="checkbox" disabled=""( checked="")?>')
# What the button of an account's mail does, by where it leads.
LEADS: Final[Sequence[tuple[str, Callable[[], str]]]] = (
    ("/confirm/", lambda: _("Confirm the address")),
    ("/address/", lambda: _("Use this address")),
    ("/reset", lambda: _("Choose a new password")),
    ("/mail/", lambda: _("Confirm the mail")),
    ("/t/", lambda: _("Open the thread")),
    ("/u/", lambda: _("See what they made")),
    ("/about", lambda: _("Who runs this site")),
)


@cache
def texts() -> Environment:
    """The templates of mails: plain text, so nothing is escaped, and none may be shown as HTML."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        keep_trailing_newline=True,
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals["money"] = money
    made.filters["plain"] = plain_name
    made.filters["folds"] = lambda markdown: FOLDED.sub(r"▸ \1", markdown)
    return made


@dataclass(frozen=True)
class Letter:
    """A mail's words: the subject, all of it as text, and the same as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Envelope:
    """What a mail's headers say of its place among others, beside sender, recipient and subject.

    `message_id`, `references` (oldest first): what stands before the @ · `reply_to`: a bare address · `list_id`: what
    stands before the domain · `unsubscribe`: an address that takes a POST without more ado (RFC 8058) · `topic`: what
    the mails of one conversation are about, the same in each.
    """

    message_id: str = ""
    references: Sequence[str] = ()
    reply_to: str = ""
    list_id: str = ""
    unsubscribe: str = ""
    topic: str = ""


@cache
def pages() -> Environment:
    """The same mails as HTML: everything is escaped that is not markup already."""
    made = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.globals["money"] = money
    made.globals["leads_to"] = label_of
    return made


def label_of(url: str) -> str:
    """What a link does, for its button."""
    path = urlsplit(url).path
    return next((label() for begin, label in LEADS if path.startswith(begin)), _("Open the site"))


def compose(template: str, settings: Settings, values: Mapping[str, Any]) -> Letter:
    """A mail's words. The text template's first line is the subject; a template that has no HTML of its own gets the
    paragraphs and links of its text."""
    given = {"site": settings.site_name, "base_url": settings.base_url, **values}
    written = texts().get_template(f"{template}.txt").render(given)
    first, _, body = written.partition("\n")
    # what templates leave out leaves holes
    subject, text = " ".join(first.split()), HOLES.sub("\n\n", body).strip() + "\n"
    if (PAGES / f"{template}.html").is_file():
        html = pages().get_template(f"{template}.html").render(given | {"subject": subject})
    else:
        html = pages().get_template("text.html").render(given | {"subject": subject, "blocks": blocks_of(text)})
    return Letter(subject, text, html)


def blocks_of(text: str) -> list[tuple[str, str]]:
    """The paragraphs of a text mail above its signature, as ("p", words), ("button", address) and ("link", address): the
    one thing to do comes first."""
    body = text.partition("\n-- \n")[0]
    # an address on a line of its own is a paragraph of its own
    apart = ALONE.sub(r"\n\n\1\n\n", body)
    found = [" ".join(block.split()) for block in re.split(r"\n\s*\n", apart)]
    links = [block for block in found if URL.fullmatch(block)]
    kinds = {block: "button" if block == links[0] else "link" for block in links}
    return [(kinds.get(block, "p"), block) for block in found if block]


# how a post's elements look in mail programs, which read no style sheet of ours
STYLES: Final = {
    "a": ("link", "color:#0b5d73;text-decoration:underline"),
    "p": ("", "margin:0 0 14px"),
    "ul": ("", "margin:0 0 14px;padding:0 0 0 24px"),
    "ol": ("", "margin:0 0 14px;padding:0 0 0 24px"),
    "blockquote": ("quote", "margin:0 0 14px;padding:0 0 0 14px;border-left:3px solid #d9d6ce;color:#566068"),
    "pre": (
        "code",
        "margin:0 0 14px;padding:12px 14px;background:#f1efea;border-radius:6px;white-space:pre-wrap;"
        "word-break:break-word;font:13px/1.5 Consolas,Menlo,monospace",
    ),
    "code": ("", "font-family:Consolas,Menlo,monospace;font-size:13px"),
    "table": ("", "border-collapse:collapse;margin:0 0 14px"),
    "th": ("cell", "border:1px solid #d9d6ce;padding:6px 10px;text-align:left"),
    "td": ("cell", "border:1px solid #d9d6ce;padding:6px 10px"),
    "img": ("", "max-width:100%;height:auto"),
    "hr": ("", "border:0;border-top:1px solid #d9d6ce;margin:20px 0"),
    "h3": ("", "font-size:17px;margin:18px 0 8px"),
    "h4": ("", "font-size:15px;margin:16px 0 8px"),
}
KEPT: Final = frozenset(
    [
        "b",
        "br",
        "caption",
        "del",
        "div",
        "em",
        "h5",
        "h6",
        "i",
        "ins",
        "kbd",
        "li",
        "s",
        "span",
        "strong",
        "sub",
        "sup",
        "tbody",
        "thead",
        "tr",
    ]
)


def post_html(html: str, base_url: str) -> Markup:
    """A cooked post for a mail: whole addresses, looks inside the elements, nothing that needs a browser."""
    folded = SUMMARY.sub(r"<p>▸ \1</p><details>", html)
    return Markup(
        nh3.clean(
            TICKED.sub(lambda found: "☑" if found[1] else "☐", folded),
            tags={*STYLES, *KEPT},
            attributes={"*": set(), "a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, "td": {"colspan"}},
            clean_content_tags={"script", "style", "button", "header", "details"},
            set_tag_attribute_values={
                tag: {"style": style} | ({"class": name} if name else {}) for tag, (name, style) in STYLES.items()
            },
            url_schemes={"http", "https", "mailto"},
            url_relative=("rewrite_with_base", base_url + "/"),
        )
    )


def mail_domain(settings: Settings) -> str:
    """The domain mails come from: MAIL_DOMAIN, else the host of the base URL, which may be an address."""
    host = settings.mail_domain or urlsplit(settings.base_url).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return "localhost"


def stable_id(template: str, person: int, values: dict[str, Any], secret_key: str) -> str:
    """The id of the mail that a job sends: of what the job says, so that a job run again sends the same mail
    (trust.md H95), and of our key, so that nobody else can name it in a report (F75). Mails that may truly be sent twice
    differ in a value: a token, an id of what happened."""
    said = json.dumps([template, person, values], sort_keys=True)
    return hmac.new(secret_key.encode(), said.encode(), hashlib.sha256).hexdigest()[:32]


def sealed(name: str, secret_key: str) -> str:
    """A mail's name for its Message-ID, with a mark that only we can make: a report that names it is about a mail of ours,
    although what names are made of is public (trust.md F75)."""
    return f"{name}.{hmac.new(secret_key.encode(), f'mail:{name}'.encode(), hashlib.sha256).hexdigest()[:16]}"


def unsealed(message_id: str, domain: str, secret_key: str) -> str:
    """The name in a Message-ID of ours (without its brackets); "" for one that we did not make."""
    local, _at, host = message_id.rpartition("@")
    name = local.rpartition(".")[0]
    is_ours = host.lower() == domain.lower() and hmac.compare_digest(
        sealed(name, secret_key).encode(), local.lower().encode()
    )
    return name if is_ours else ""


def message(
    *, sender: Address, recipient: str, letter: Letter, message_id: str, at: datetime, envelope: Envelope | None = None
) -> EmailMessage:
    """A mail from `sender` to the bare address `recipient`; no name of a person gets into its headers (C51)."""
    made, more = EmailMessage(POLICY), envelope or Envelope()
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = message_id
    # RFC 3834: no answering machine answers this
    made["Auto-Submitted"] = "auto-generated"
    if more.references:
        known = [f"<{each}@{sender.domain}>" for each in more.references]
        made["References"] = " ".join(known)
        made["In-Reply-To"] = known[-1]
    if more.reply_to:
        made["Reply-To"] = more.reply_to
    if more.list_id:
        made["List-Id"] = f"<{more.list_id}.{sender.domain}>"
    if more.unsubscribe:
        made["List-Unsubscribe"] = f"<{more.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if more.topic:
        # what was brought from elsewhere may hold breaks of lines that are none in a title, and would be a new header
        made["Thread-Topic"] = " ".join(more.topic.split())
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    return made
