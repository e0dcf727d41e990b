"""Sites of Stack Exchange: what the API calls them, their hosts, addresses on them, and the licence of an age."""

import re
from datetime import UTC, datetime

HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,12}")
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}[a-z0-9]")
# Those that have a domain of their own; all others are NAME.stackexchange.com.
OWN = {
    "stackoverflow": "stackoverflow.com",
    "serverfault": "serverfault.com",
    "superuser": "superuser.com",
    "askubuntu": "askubuntu.com",
    "stackapps": "stackapps.com",
    "mathoverflow.net": "mathoverflow.net",
    "mathoverflow": "mathoverflow.net",
}
DOMAINS = (".com", ".net", ".org")
# https://stackoverflow.com/help/licensing: by the date of a contribution.
LICENCES = (
    (datetime(2011, 4, 8, tzinfo=UTC), "CC BY-SA 2.5"),
    (datetime(2018, 5, 2, tzinfo=UTC), "CC BY-SA 3.0"),
)
LATEST_LICENCE = "CC BY-SA 4.0"


def host_of(site: str) -> str | None:
    """The host of a site named as the API does (`stackoverflow`, `es.stackoverflow`, `french.meta`) or by its domain;
    None for what is no name of a site."""
    name = site.strip().lower().removeprefix("https://").removeprefix("http://").strip("/")
    if not NAME.fullmatch(name):
        return None
    if name in OWN:
        return OWN[name]
    if name.endswith(DOMAINS):
        return name if HOST.fullmatch(name) else None
    first, _dot, base = name.partition(".")
    # es.stackoverflow, meta.superuser: a site of its own below one that has a domain
    host = f"{first}.{OWN[base]}" if base in OWN else f"{name}.stackexchange.com"
    return host if HOST.fullmatch(host) else None


def question_url(host: str, question: int) -> str:
    return f"https://{host}/q/{question}"


def answer_url(host: str, answer: int) -> str:
    return f"https://{host}/a/{answer}"


def comment_url(host: str, question: int, post: int, comment: int) -> str:
    return f"https://{host}/questions/{question}#comment{comment}_{post}"


def user_url(host: str, user: int) -> str:
    return f"https://{host}/users/{user}"


def licence_at(moment: datetime) -> str:
    """The licence of what was written then, where the source does not say."""
    return next((licence for until, licence in LICENCES if moment < until), LATEST_LICENCE)
