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
