"""How a mail is worded and put together: pure, no database and no network."""

import hashlib
import ipaddress
import json
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forum.settings import Settings
from forum.web.i18n import gettext, ngettext
from forum.web.money import money

TEMPLATES: Final = Path(__file__).parent / "templates"
# RFC 5322 §2.1.1: a line may have 998 characters; links are not to be broken before that.
POLICY: Final = SMTP.clone(max_line_length=998)


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
    return made


def compose(template: str, settings: Settings, values: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail; the template's first line is the subject."""
    text = texts().get_template(f"{template}.txt").render(site=settings.site_name, base_url=settings.base_url, **values)
    subject, _, body = text.partition("\n")
    return " ".join(subject.split()), body.lstrip("\n")


def mail_domain(settings: Settings) -> str:
    """The domain mails come from: MAIL_DOMAIN, else the host of the base URL, which may be an address."""
    host = settings.mail_domain or urlsplit(settings.base_url).hostname or "localhost"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return "localhost"


def stable_id(template: str, person: int, values: dict[str, Any]) -> str:
    """The id of the mail that a job sends: of what the job says, so that a job run again sends the same mail
    (trust.md H95). Mails that may truly be sent twice differ in a value: a token, an id of what happened."""
    said = json.dumps([template, person, values], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def message(*, sender: Address, recipient: str, subject: str, body: str, message_id: str, at: datetime) -> EmailMessage:
    """A mail from `sender` to the bare address `recipient`; no name of a person gets into its headers (C51)."""
    made = EmailMessage(POLICY)
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = message_id
    # RFC 3834: no answering machine answers this
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(body)
    return made
