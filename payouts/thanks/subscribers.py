"""When it may be time to thank somebody; wired in `forum/wiring.py`, inside the publishing transaction."""

from categories.support.events import WordSaid
from forum.accounts.events import PlaceholderClaimed
from forum.jobs import enqueue
from forum.threads.events import AnswerAccepted
from payouts.events import BumpPaid
from payouts.thanks.actions import CLAIMED_JOB, settle_thanks
from payouts.thanks.rules import ANSWERS


async def bump_paid(event: BumpPaid) -> None:
    await settle_thanks(event.thread, event.at)


async def answer_accepted(event: AnswerAccepted) -> None:
    await settle_thanks(event.thread)


async def word_said(event: WordSaid) -> None:
    """The team's answer thanks all before it; whoever answers later hears too. For most tickets nobody has paid."""
    if event.post.purpose in ANSWERS and event.ticket["rank_amount"]:
        await settle_thanks(event.post.thread)


async def placeholder_claimed(event: PlaceholderClaimed) -> None:
    """Whoever answered elsewhere, and has an account here now, hears too: by a job, since a claim holds the person and
    whatever happens to a thread holds that first."""
    await enqueue(CLAIMED_JOB, placeholder=event.placeholder)
