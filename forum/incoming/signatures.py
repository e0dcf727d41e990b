"""Whether bytes were signed by who knows a shared secret: Stripe's scheme and GitHub's, compared in constant time."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from forum.web.errors import Forbidden
from forum.web.i18n import _

# How far the time under a signature may be from ours, as Stripe's own libraries have it.
TOLERANCE = timedelta(seconds=300)
# More signatures than this no sender puts into one header (a secret being changed makes two).
SIGNATURES_MOST = 20


def not_signed() -> Forbidden:
    return Forbidden(_("This is not signed by whom it should be."))


def digest(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()


def is_one_of(wanted: Iterable[bytes], given: Iterable[bytes]) -> bool:
    """Whether any of `wanted` is among `given`; all are compared, whatever is found."""
    given = list(given)
    return sum(hmac.compare_digest(one, other) for one in wanted for other in given) > 0


def check_stripe(raw: bytes, header: str, secrets: Iterable[str], now: datetime) -> None:
    """`Stripe-Signature: t=<unix time>,v1=<hex>[,v1=<hex>…]`, the HMAC-SHA256 of `<t>.<body>`, by one of `secrets`.

    Raises Forbidden, also where the time lies more than `TOLERANCE` from `now` in either direction. Source: Stripe's
    "Verify webhook signatures manually".
    """
    times: list[str] = []
    signatures: list[bytes] = []
    for part in header.split(","):
        name, _equals, value = part.strip().partition("=")
        if name == "t":
            times.append(value)
        elif name == "v1":
            signatures.append(value.encode())
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise not_signed()
    if not signatures or len(signatures) > SIGNATURES_MOST:
        raise not_signed()
    signed = times[0].encode() + b"." + raw
    if not is_one_of([digest(secret, signed) for secret in secrets], signatures):
        raise not_signed()
    if abs(now.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
        raise Forbidden(_("This was signed too long ago."))


def check_github(raw: bytes, header: str, secret: str) -> None:
    """`X-Hub-Signature-256: sha256=<hex>`, the HMAC-SHA256 of the body. Raises Forbidden.

    Source: GitHub's "Validating webhook deliveries". It carries no time: that a delivery is taken once is seen to by
    its id.
    """
    scheme, _equals, signature = header.partition("=")
    if scheme != "sha256" or not is_one_of([digest(secret, raw)], [signature.encode()]):
        raise not_signed()
