"""What did not arrive: noted at the mail, and where an address is gone for good nothing more is sent there."""

from typing import Final

from forum.database.engine import Row, execute, fetch_one
from forum.mail.reading.bounces import Failure, failure_of

# So many mails in a row that come back "for now" are as good as one that comes back for good.
SOFT_MOST: Final = 10


async def note_refusal(message_id: str, words: str) -> bool:
    """What our own mail server answered to a recipient ("550 5.1.1 …"): noted where nobody is there for good, and then
    true. All else may be the server's own trouble."""
    failure = failure_of("", words)
    if not failure.hard or not words.startswith("5"):
        return False
    sent = await fetch_one("select id, person_id, recipient, bounced_at from mail where message_id = $1", message_id)
    if sent is not None:
        await note_failure(sent, failure)
    return sent is not None


async def note_failure(sent: Row, failure: Failure) -> None:
    """Once for each mail: what came back, and that nothing more is sent where nothing arrives."""
    if sent["bounced_at"] is not None:
        return
    told = " ".join(word for word in ("hard" if failure.hard else "soft", failure.status, failure.reason) if word)
    await execute("update mail set bounced_at = now(), bounce = $2 where id = $1", sent["id"], told[:200])
    await execute(
        "update person set mail_soft_bounces = mail_soft_bounces + (case when $3 then 0 else 1 end),"
        " mail_stopped_at = case when $3 or mail_soft_bounces + 1 >= $4 then coalesce(mail_stopped_at, now()) end"
        " where id = $1 and lower(email) = lower($2)",
        sent["person_id"],
        sent["recipient"],
        failure.hard,
        SOFT_MOST,
    )
