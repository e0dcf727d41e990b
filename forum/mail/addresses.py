"""The addresses at which answers to our mails arrive: one for each person and thread, told to nobody else."""

import re
import secrets
from typing import Final

from forum.database.engine import Row, fetch_one, fetch_value

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
TOKEN: Final = re.compile(r"[a-z2-7]{26}")


async def reply_token(person: int, thread: int) -> str:
    """The token of a person's answers to a thread: random (130 bits), the same whenever it is asked for."""
    made = "".join(secrets.choice(ALPHABET) for _letter in range(26))
    token: str = await fetch_value(
        "insert into reply_address (token, person_id, thread_id) values ($1, $2, $3)"
        " on conflict (person_id, thread_id) do update set token = reply_address.token returning token",
        made,
        person,
        thread,
    )
    return token


async def whose_reply(token: str) -> Row | None:
    """person_id and thread_id of a token; None for one that was never given out."""
    if not TOKEN.fullmatch(token):
        return None
    return await fetch_one("select person_id, thread_id from reply_address where token = $1", token)
