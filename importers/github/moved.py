"""What an import must know of the bot: its own comments are no posts, and a moved question lives here, not there."""

import re
from typing import Final

from forum.database.engine import fetch_value

MARKER: Final = re.compile(r"<!-- haas:bot:(?:move|security|offer|pointer):[0-9a-f]{32} -->")


def is_bots(login: str, body: str) -> bool:
    """Whether a comment is what this bot, or its like on another site, wrote of itself; a person who copies its marker
    is none."""
    return login.casefold().endswith("[bot]") and MARKER.search(body) is not None


async def is_moved(thread: int) -> bool:
    """Whether the bot moved a question here: that its issue is closed there says nothing of the thread any more."""
    return bool(
        await fetch_value(
            "select 1 from github_move where thread_id = $1 and purpose = 'move' and kind = 'support'", thread
        )
    )
