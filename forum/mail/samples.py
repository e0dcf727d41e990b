"""What every mail looks like with made-up contents: for the preview, and for tests that see them all."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from forum.mail.letters import Letter, compose
from forum.mail.words import OCCASIONS, Words, in_words
from forum.markup import cook
from forum.settings import Settings
from forum.web.i18n import _

POST: Final = """Pass `flush="partial"` to `collect()`; it keeps the **last** window:

```python
windows = source.resample("15m").collect(flush="partial")
assert windows.height == 35_041
```

> Calls without it drop a window that is not full.

Since 2.1 this is the default. See [the guide](https://example.org/guide)."""

PLAIN: Final[Mapping[str, Mapping[str, Any]]] = {
    "confirm": {"token": "sample"},
    "reset": {"token": "sample"},
    "taken": {"username": "ana", "typed_by": "anna"},
    "identity": {"label": "GitHub"},
    "move": {"username": "ana", "token": "sample"},
    "moved": {"username": "ana"},
    "taken_move": {"typed_by": "anna"},
    "claimed": {},
    "asked": {"project": "Pelican Toolkit", "title": "How do I keep the last window?", "path": "/t/x/12"},
    "finish": {"project": "Pelican Toolkit", "title": "How do I keep the last window?", "path": "/t/x/12"},
    "not_posted": {
        "reason": "The thread is closed.",
        "title": "How do I keep the last window?",
        "path": "/t/x/12",
    },
    "office": {
        "office": "postmaster",
        "sender": "mail@example.org",
        "about": "Mails of your site are refused here",
        "text": "Our server refuses mails of yours since this morning: the DKIM key in your DNS is broken.",
        "files": 1,
    },
    "stranger": {"project": "Pelican Toolkit", "token": "sample"},
    "thanks": {
        "amount": 5000,
        "fee": 250,
        "currency": "EUR",
        "project": "Pelican Toolkit",
        "username": "sam",
        "title": "How do I keep the last window?",
        "slug": "how-do-i-keep-the-last-window",
        "thread": 12,
    },
}

# What a kind of notice would say about a thread of a title, and what somebody of a name did there, as `Kind.made_up` has
# it: intro, below, links (text, url), project_words (the occasion), fills, has_post.
MadeUp = Callable[[str, str], dict[str, Any]]
_told: dict[str, MadeUp] = {}


def register(occasion: str, made_up: MadeUp) -> None:
    """Let the preview show the mails of such notices; `forum/wiring.py` alone does this."""
    _told[occasion] = made_up


def notice_values(occasion: str, project: int, project_name: str, settings: Settings) -> dict[str, Any]:
    """What `send_mail` would be given for a notice of that occasion."""
    return {
        "project": project,
        "project_words": occasion,
        "project_name": project_name,
        "title": _("How do I keep the last window?"),
        "name": "Sam Supporter",
        "intro": "",
        "is_answer": occasion != "new_ticket",
        "below": "",
        "links": [],
        "fills": {},
        "text": "" if occasion in ("accepted", "assigned") else POST,
        "html": "" if occasion in ("accepted", "assigned") else cook(POST).html,
        "facts": [],
        "url": f"{settings.base_url}/t/how-do-i-keep-the-last-window/12/3#post_3",
        **foot_of(occasion),
        "unsubscribe": f"{settings.base_url}/unsubscribe/sample",
        "may_reply": True,
        "is_whisper": occasion == "whisper",
    }


def foot_of(occasion: str) -> dict[str, str]:
    """Why somebody gets such a mail, and what its way out ends (forum/notifications/mailing.py)."""
    if occasion == "new_ticket":
        return {
            "why": _("You asked to hear of every new ticket of this project."),
            "stop": _("No mails about new tickets any more:"),
        }
    own = occasion in ("answer", "facts", "solved_by")
    return {
        "why": _("You get this at once because you asked.") if own else _("You get this because it concerns you."),
        "stop": _("Hear nothing more of this thread:"),
    }


def sample_notice(occasion: str, settings: Settings, project: int, project_name: str, words: Words) -> Letter:
    """The mail of an occasion in a project's words."""
    values = notice_values(occasion, project, project_name, settings)
    if occasion in _told:
        told = _told[occasion](values["title"], values["name"])
        for link in told["links"]:
            link["url"] = settings.base_url + link["url"]
        if not told.pop("has_post"):
            values |= {"text": "", "html": "", "why": _("You get this because it concerns you.")}
        values |= told
    return compose("notice", settings, {**values, **in_words(words, values, settings)})


def sample_digest(settings: Settings) -> Letter:
    def line(text: str, more: str = "", mark: str = "", look: str = "") -> dict[str, str]:
        return {"text": text, "more": more, "mark": mark, "look": look, "url": f"{settings.base_url}/t/x/12"}

    sections = [
        {
            "title": _("Your threads and tickets"),
            "is_ranked": False,
            "lines": [
                line("How do I keep the last window?", '2 new posts, last by Sam Supporter: Pass flush="partial"')
            ],
        },
        {
            "title": _("Assigned to you"),
            "is_ranked": False,
            "lines": [line("Olga Owner assigned “No wheel for ARM” to you.")],
        },
        {
            "title": _("Mentions"),
            "is_ranked": False,
            "lines": [line("Ana mentioned you in “Slow import of large files”.")],
        },
        {
            "title": _("Next in the queue"),
            "is_ranked": True,
            "lines": [
                line("Crash when two processes write", "guarantee due 30 Nov, 17:00 UTC", "1", "due"),
                line("How do I plot 10,000 points?", "paid €50.00", "2", "paid"),
                line("No wheel for ARM", "oldest first, waits 4 days", "3"),
            ],
        },
    ]
    values = {
        "subject_line": _("Your digest for %(day)s") % {"day": "Monday, 30 November"},
        "sections": sections,
        "why": _("One digest a workday, at the hour you chose; none when there is nothing to say."),
        "preferences": f"{settings.base_url}/u/sam/preferences/mail",
        "unsubscribe": f"{settings.base_url}/unsubscribe/sample",
    }
    return compose("digest", settings, values)


def sample(name: str, settings: Settings) -> Letter | None:
    """A mail by its name (`names()`), as the site words it; None for a name that none has."""
    if name in PLAIN:
        return compose(name, settings, PLAIN[name])
    if name == "digest":
        return sample_digest(settings)
    occasion = name.removeprefix("notice-")
    if name.startswith("notice-") and (occasion in occasions() or occasion in _told):
        return sample_notice(occasion, settings, 0, "Pelican Toolkit", {})
    return None


def occasions() -> list[str]:
    """The occasions that have a mail of their own, and that projects word."""
    return [name for name, each in OCCASIONS.items() if not each.is_part]


def names() -> list[str]:
    """Every mail there is."""
    return [*(f"notice-{name}" for name in dict.fromkeys((*occasions(), *_told))), "digest", *PLAIN]


def as_seen(letter: Letter, look: str) -> str:
    """A letter's HTML as a program shows it that is set to "light" or "dark", whatever the browser is set to."""
    media = "@media all" if look == "dark" else "@media not all"
    scheme = "dark" if look == "dark" else "light"
    html = letter.html.replace("@media (prefers-color-scheme: dark)", media)
    return html.replace("color-scheme: light dark", f"color-scheme: {scheme}")
