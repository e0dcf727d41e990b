"""What threads do to reputation; wired in `forum/wiring.py`, inside the publishing transaction."""

from forum.threads.events import AcceptanceTakenBack, AnswerAccepted, PostCreated, ReactionChanged
from reputation.actions import settle_acceptance, settle_answer, settle_reaction
from reputation.rules import ANSWERS


async def post_created(event: PostCreated) -> None:
    """A reply is an answer where somebody else asked; whispers, thanks and questions for facts are none."""
    if event.purpose in ANSWERS:
        await settle_answer(event.post)


async def reaction_changed(event: ReactionChanged) -> None:
    """A like or thanks is somebody's points for as long as it is there."""
    await settle_reaction(event.post, event.person, event.kind)


async def answer_accepted(event: AnswerAccepted) -> None:
    await settle_acceptance(event.thread)


async def acceptance_taken_back(event: AcceptanceTakenBack) -> None:
    await settle_acceptance(event.thread)
