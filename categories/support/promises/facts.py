"""What requester and team read of a ticket's promise: the one that runs, and what became of those before."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, NamedTuple

from categories.support.promises.calendars import written
from forum.web.i18n import _, ngettext


class Fact(NamedTuple):
    """A row of the facts: `look` of its mark, the mark's word, and what stands behind it."""

    term: str
    look: str
    word: str
    text: str


def promise_facts(ticket: Mapping[str, Any], now: datetime | None = None) -> list[Fact]:
    """The facts of a ticket's row (`ticket_of_thread`), oldest outcome first."""
    now, zone = now or datetime.now(UTC), ticket["calendar_zone"] or "UTC"
    facts = [fact for each in ticket["outcomes"] or [] if (fact := outcome(each, ticket["outcomes"], zone))]
    if ticket["promised"] is None or ticket["state"] in ("resolved", "closed", "merged"):
        return facts
    if ticket["due_at"] is None:
        left = Fraction(ticket["workdays_left"])
        rests = _("%(n)s workdays left once the asker has replied") % {"n": f"{float(left):.1f}"}
        return [*facts, Fact(_("Promised answer"), "plain", _("rests"), rests)]
    if ticket["due_at"] > now:
        return [*facts, Fact(_("Promised answer"), "accent", _("by"), written(ticket["due_at"], zone))]
    return [*facts, Fact(_("Promised answer"), "due", _("overdue"), written(ticket["due_at"], zone))]


def outcome(each: Mapping[str, Any], all_of_them: list[Mapping[str, Any]], zone: str) -> Fact | None:
    """What became of a round; one that was missed and answered later is one fact."""
    promised = ngettext("Promise of %(num)d workday", "Promise of %(num)d workdays", each["workdays"] or 0) % {
        "num": each["workdays"] or 0
    }
    term = promised if each["workdays"] else _("Promise")
    due = {"due": written(datetime.fromisoformat(each["due"]), zone)}
    match each["outcome"]:
        case "kept":
            return Fact(term, "good", _("kept"), _("was due %(due)s") % due)
        case "answered_late":
            one = 1 if each["late"] == 100 else 2
            late = ngettext("answered %(n)s workday late", "answered %(n)s workdays late", one)
            return Fact(term, "due", _("missed"), late % {"n": f"{each['late'] / 100:.2f}".rstrip("0").rstrip(".")})
        case _missed:
            if any(o["outcome"] == "answered_late" and o["round"] == each["round"] for o in all_of_them):
                return None
            return Fact(term, "due", _("missed"), _("was due %(due)s, not answered yet") % due)
