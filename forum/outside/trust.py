"""Whose certificates are believed, read once a process."""

import ssl
from functools import cache

import httpx


@cache
def trust() -> ssl.SSLContext:
    """What every client that leaves this site verifies with; reading it takes 20 to 50 ms, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)
