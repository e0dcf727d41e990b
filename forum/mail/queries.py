"""What an operator may read of the mails."""

from forum.database.engine import Row, fetch, fetch_one

PAGE = 50


async def envelopes(before: int | None) -> list[Row]:
    """The newest mails (with a number: those before that id), one more than a page holds; never their bodies."""
    return await fetch(
        "select id, created_at, sent_at, recipient, subject, error from mail"
        " where $1::bigint is null or id < $1 order by id desc limit $2",
        before,
        PAGE + 1,
    )


async def mail_text(mail: int) -> Row | None:
    """One mail with its body."""
    return await fetch_one("select * from mail where id = $1", mail)
