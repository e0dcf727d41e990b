"""Which ways to pay a site offers: bank transfer always, Stripe where its keys are set."""

from dataclasses import dataclass

from forum.outside.stripe import is_configured
from forum.settings import Settings
from forum.web.i18n import _


@dataclass(frozen=True)
class Way:
    """A way to pay as it is chosen: its method's name, what it is called, when the ticket moves, and whether it is paid on
    another page (`leads_on`)."""

    name: str
    label: str
    hint: str
    leads_on: bool = False


def offered(settings: Settings) -> tuple[str, ...]:
    """The names of the methods that can be chosen, the quickest first."""
    return ("stripe", "offline") if is_configured(settings) else ("offline",)


def way(name: str) -> Way:
    """A method in the reader's language."""
    return {
        "stripe": Way("stripe", _("Card or wallet"), _("On Stripe's page. Your ticket moves at once."), leads_on=True),
        "offline": Way("offline", _("Bank transfer"), _("Your ticket moves when the transfer has arrived.")),
    }[name]


def ways(settings: Settings) -> list[Way]:
    """The ways that can be chosen, the quickest first."""
    return [way(name) for name in offered(settings)]


def dispute_text(state: str) -> str:
    """How a dispute stands, as Stripe calls it, in the reader's language."""
    words = {
        "needs_response": _("it waits for an answer"),
        "warning_needs_response": _("an inquiry, which waits for an answer"),
        "under_review": _("the bank looks at the answer"),
        "warning_under_review": _("the bank looks at the answer"),
        "won": _("it ended, and the money stays"),
        "warning_closed": _("it ended, and the money stays"),
        "prevented": _("it ended, and the money stays"),
        "lost": _("it ended, and the payer's bank took the money"),
        "charge_refunded": _("it ended with the money given back"),
    }
    return words.get(state, state)
