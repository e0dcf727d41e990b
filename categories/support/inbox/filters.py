"""What of the inbox is shown: a bucket, a line of the queue, a tag; in an address, in a form, in a saved view (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from forum.web.i18n import _

# those whose tickets stand in the queue, and those whose tickets are with the asker or done
QUEUED = ("waiting", "mine", "unassigned", "due", "snoozed")
STATES = ("needs_facts", "answered", "resolved", "closed")
BUCKETS = (*QUEUED, *STATES)
LINES = ("", "paid", "unpaid")
TAG_MOST = 60


@dataclass(frozen=True)
class Filter:
    """`bucket` of BUCKETS, `line` of LINES, `tag` a tag's name or "" for all; `page` of its list, from 1, wherever it leads
    back to: of the same filter on any page."""

    bucket: str = "waiting"
    line: str = ""
    tag: str = ""
    page: int = field(default=1, compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether it is the queue itself, with nothing left out."""
        return self == WHOLE

    @property
    def query(self) -> str:
        """As the query of an address, "" for the queue itself."""
        named = {"view": self.bucket if self.bucket != "waiting" else "", "line": self.line, "tag": self.tag}
        named["page"] = str(self.page) if self.page > 1 else ""
        given = {name: value for name, value in named.items() if value}
        return f"?{urlencode(given)}" if given else ""

    @property
    def beginning(self) -> "Filter":
        """The same filter on its first page."""
        return replace(self, page=1)


WHOLE = Filter()


def read_filter(given: Mapping[str, str]) -> Filter | None:
    """The filter that an address or a form names; None where it names none that there is."""
    found = Filter(given.get("view") or "waiting", given.get("line", ""), given.get("tag", "").strip())
    known = found.bucket in BUCKETS and found.line in LINES and len(found.tag) <= TAG_MOST
    return found if known and found.tag.isprintable() else None


def bucket_name(bucket: str) -> str:
    """A bucket in words."""
    return {
        "waiting": _("Waiting"),
        "mine": _("Mine"),
        "unassigned": _("Unassigned"),
        "due": _("Guarantee due"),
        "snoozed": _("Snoozed"),
        "needs_facts": _("Waiting for asker"),
        "answered": _("Answered"),
        "resolved": _("Resolved"),
        "closed": _("Closed"),
    }[bucket]


def line_name(line: str) -> str:
    """A line in words."""
    return {"": _("Paid or not"), "paid": _("Paid"), "unpaid": _("Unpaid")}[line]


def filter_name(chosen: Filter) -> str:
    """A whole filter in words: what stands over its list."""
    words = [bucket_name(chosen.bucket)]
    if chosen.line:
        words.append(line_name(chosen.line).lower())
    if chosen.tag:
        words.append(f"#{chosen.tag}")
    return ", ".join(words)
