"""Third parties for the tests of this folder."""

from tests.helpers.stripe import stripe, stripe_process

__all__ = ["stripe", "stripe_process"]
