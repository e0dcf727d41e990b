"""Tokens against forged requests: bound to the session, or to a guest's own cookie."""

import hashlib
import hmac
import secrets

FIELD = "csrf"
HEADER = b"x-csrf-token"
GUEST_COOKIE = "haas_guest"
# Before the token of a session: when that is over, its forms are told from a guest's own. It lets nobody in.
OF_SESSION = "s."
# What a form asks for here is so already when its session is over: there is nothing to refuse.
SO_ALREADY = frozenset({"/logout"})


def token_for(secret_key: str, bearer: str) -> str:
    """The token of a session (its cookie's value) or of a guest (the guest cookie's value)."""
    return hmac.new(secret_key.encode(), b"csrf:" + bearer.encode(), hashlib.sha256).hexdigest()[:40]


def matches(secret_key: str, bearer: str, token: str) -> bool:
    told = token.removeprefix(OF_SESSION)
    return bool(bearer) and hmac.compare_digest(token_for(secret_key, bearer).encode(), told.encode())


def new_guest() -> str:
    return secrets.token_urlsafe(18)
