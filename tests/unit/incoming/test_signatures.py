"""Signatures are taken exactly where the official library takes them, and nowhere else."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from forum.incoming.signatures import check_github, check_stripe
from forum.web.errors import Forbidden

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECRET = "whsec_of_the_tests"
BODY = b'{"id": "evt_1", "type": "charge.refunded"}'


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW, scheme: str = "v1") -> str:
    t = int(at.timestamp())
    return f"t={t},{scheme}={hmac.new(secret.encode(), b'%d.%s' % (t, body), hashlib.sha256).hexdigest()}"


def is_taken(header: str, body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,), now: datetime = NOW) -> bool:
    try:
        check_stripe(body, header, secrets, now)
    except Forbidden:
        return False
    return True


@given(st.text(), st.text(min_size=1).filter(str.strip), st.integers(0, 2**33))
def test_what_the_official_library_signs_is_taken(body: str, secret: str, t: int) -> None:
    body, secret = body.encode("utf-8", "ignore").decode(), secret.encode("utf-8", "ignore").decode() or "s"
    header = stripe.WebhookSignature.generate_signature_header(body, secret, t)
    assert is_taken(header, body.encode(), secrets=(secret,), now=datetime.fromtimestamp(t, UTC))
    assert not is_taken(header, body.encode() + b" ", secrets=(secret,), now=datetime.fromtimestamp(t, UTC))
    assert not is_taken(header, body.encode(), secrets=(secret + "x",), now=datetime.fromtimestamp(t, UTC))


@given(st.text(), st.binary())
def test_no_header_breaks_it(header: str, body: bytes) -> None:
    assert not is_taken(header, body)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_one_bit_of_the_body_is_enough(bit: int) -> None:
    altered = bytearray(BODY)
    altered[bit // 8] ^= 1 << bit % 8
    assert is_taken(signed()) and not is_taken(signed(), bytes(altered))


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_what_is_stale_or_from_the_future_is_not_taken(seconds: int, taken: bool) -> None:
    assert is_taken(signed(), now=NOW + timedelta(seconds=seconds)) is taken


def test_while_a_secret_is_changed_there_are_two_signatures() -> None:
    t, _comma, old = signed(secret="whsec_old").partition(",")
    new = signed().partition(",")[2]
    assert is_taken(f"{t},{old},{new}") and is_taken(f"{t}, {new} ,{old}") and is_taken(f"{t},{new},v0=abc")
    assert not is_taken(f"{t},{old}")


def test_each_of_several_secrets_counts() -> None:
    assert is_taken(signed(secret="of the platform"), secrets=("of the accounts", "of the platform"))
    assert not is_taken(signed(secret="of nobody"), secrets=("of the accounts", "of the platform"))
    assert not is_taken(signed(secret=""), secrets=())


def test_what_is_not_quite_a_header_is_not_taken() -> None:
    t, _comma, v1 = signed().partition(",")
    for header in ("", t, v1, f"{t},{t},{v1}", f"t=,{v1}", f"t=-1,{v1}", f"t=１,{v1}", f"{t},v1=", f"{t},v1"):
        assert not is_taken(header), header
    assert not is_taken(signed(scheme="v0")), "an older scheme is not the one agreed on"
    assert not is_taken(",".join([t, *[f"v1={n}" for n in range(20)], v1])), "a header stuffed with guesses"
    assert is_taken(",".join([t, *[f"v1={n}" for n in range(19)], v1]))


def test_githubs_own_example() -> None:
    """From "Validating webhook deliveries": this secret and this body have this signature."""
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check_github(body, header, secret)
    refused = [(body + b" ", header), (body, header[:-1] + "8"), (body, header.replace("sha256", "sha1"))]
    refused += [(body, ""), (body, "sha256="), (body, header.partition("=")[2]), (body, header + "é")]
    for raw, said in refused:
        with pytest.raises(Forbidden):
            check_github(raw, said, secret)
    with pytest.raises(Forbidden):
        check_github(body, header, secret + "!")
