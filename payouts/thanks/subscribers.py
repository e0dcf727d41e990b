"""When it may be time to thank somebody; wired in `forum/wiring.py`, inside the publishing transaction."""

from forum.accounts.events import PlaceholderClaimed
from forum.jobs import enqueue
from forum.threads.events import AnswerAccepted, PostCreated
from payouts.events import BumpPaid
from payouts.thanks.actions import CLAIMED_JOB, settle_thanks
from payouts.thanks.rules import ANSWERS


async def bump_paid(event: BumpPaid) -> None:
    await settle_thanks(event.thread, event.at)


async def answer_accepted(event: AnswerAccepted) -> None:
    await settle_thanks(event.thread)


async def post_created(event: PostCreated) -> None:
    """The team's answer thanks all before it; whoever answers later hears too."""
    if event.purpose in ANSWERS:
        await settle_thanks(event.thread)


async def placeholder_claimed(event: PlaceholderClaimed) -> None:
    """Whoever answered elsewhere, and has an account here now, hears too: by a job, since a claim holds the person and
    whatever happens to a thread holds that first."""
    await enqueue(CLAIMED_JOB, placeholder=event.placeholder)
