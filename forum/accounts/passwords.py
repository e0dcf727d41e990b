"""argon2id, away from the event loop."""

import asyncio
from functools import cache

from pwdlib import PasswordHash


@cache
def hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def decoy() -> str:
    """Checked when nobody has the address, so that both cases take as long."""
    return hasher().hash("nobody has this password")


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(hasher().hash, password)


async def verify_password(password: str, stored: str | None) -> bool:
    """Whether `password` is the stored one; takes as long where there is none."""
    compared = stored if stored else await asyncio.to_thread(decoy)
    matches = await asyncio.to_thread(hasher().verify, password, compared)
    return matches and stored is not None
