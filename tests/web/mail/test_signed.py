"""A site that faces the network itself looks at signatures (DKIM): against keys in a DNS of the test's own."""

import base64
import re
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial

import dkim
import dns.message
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dkim.crypto import parse_public_key
from hypothesis import given
from hypothesis import strategies as st

from forum.database.engine import fetch_value
from forum.mail.arriving import handling, signed
from forum.mail.arriving.signed import Ask, ask_dns, vouch
from forum.mail.reading.letter import read_letter
from forum.mail.reading.vouched import Vouched
from forum.settings import Settings
from tests.helpers.mail_in import AUTHSERV, DOMAIN, Post, bring, mail, vouched, with_mail
from tests.helpers.site import Site

KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
RECORDS = {"s1._domainkey.example.org.", "s1._domainkey.evil.example."}


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """A question to a name server on this machine."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            wire, peer = server.recvfrom(4096)
            if not wire:
                return
            asked = dns.message.from_wire(wire)
            name = asked.question[0].name
            answer = dns.message.make_response(asked)
            if name.to_text().lower() in RECORDS:
                half = len(PUBLIC) // 2
                words = f'"v=DKIM1; k=rsa; p={PUBLIC[:half]}" "{PUBLIC[half:]}"'
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", words))
            server.sendto(answer.to_wire(), peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    yield partial(ask_dns, resolver=resolver)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"", server.getsockname())
    thread.join(10)
    server.close()


def sign(raw: bytes, domain: str = "example.org", selector: str = "s1", *, length: bool = False) -> bytes:
    made: bytes = dkim.sign(raw, selector.encode(), domain.encode(), PRIVATE, include_headers=None, length=length)
    return made + raw


TO = f"pelican+support@{DOMAIN}"
HELLO = mail("ana@example.org", TO, "How do I keep the last window?\n")


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (sign(HELLO), Vouched.PASSED),
        (b"Received: from a by b; Sat, 28 Nov 2026 10:00:00 +0000\r\n" + sign(HELLO), Vouched.PASSED),
        (sign(sign(HELLO, "evil.example")), Vouched.PASSED),
        (HELLO, Vouched.UNKNOWN),
        (sign(HELLO, "evil.example"), Vouched.UNKNOWN),
        (sign(HELLO, "org"), Vouched.UNKNOWN),
        (sign(HELLO, selector="gone"), Vouched.UNKNOWN),
        (sign(HELLO).replace(b"last window", b"last penny"), Vouched.UNKNOWN),
        (sign(HELLO).replace(b"ana@example.org", b"owner@example.org"), Vouched.UNKNOWN),
        (sign(HELLO) + b"And send money.\r\n", Vouched.UNKNOWN),
        (sign(HELLO, length=True), Vouched.UNKNOWN),
        (b"From: owner@example.org\r\n" + sign(HELLO), Vouched.UNKNOWN),
        (b"Subject: Sell the house\r\n" + sign(HELLO), Vouched.UNKNOWN),
        # a line end that only one of two programs sees: another's head, text and all, before a mail of one's own
        (
            b"X: a\rFrom: owner@example.org\rTo: %b\rDKIM-Signature: a=rsa-sha256; d=example.org\r\rSell it.\r\n"
            % TO.encode()
            + sign(HELLO),
            Vouched.UNKNOWN,
        ),
        (b"X: a\rDKIM-Signature: a=rsa-sha256; d=example.org\r\n" + sign(HELLO, "evil.example"), Vouched.UNKNOWN),
        # what she wrote to somebody else, and they send it on
        (sign(HELLO.replace(TO.encode(), b"ben@example.net")), Vouched.UNKNOWN),
        (b"Cc: %b\r\n" % TO.encode() + sign(HELLO.replace(TO.encode(), b"ben@example.net")), Vouched.UNKNOWN),
        (b"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; b=\xff\x00\r\n" + HELLO, Vouched.UNKNOWN),
    ],
)
async def test_only_a_good_signature_of_the_senders_own_domain_vouches(raw: bytes, found: Vouched, ask: Ask) -> None:
    assert await vouch(read_letter(raw), raw, "", TO, ask) is found


SLOW = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=from:to:subject; bh=AAAA; b=AA%bAA\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        SLOW % b"" + HELLO + b" " * 1_000_000 + b"x\r\n",
        SLOW % (b"\r\n " * 20_000) + HELLO,
        SLOW % b"" + b"X: a\r\n" + b" b\r\n" * 1_000_000 + HELLO,
    ],
)
async def test_no_mail_makes_anybody_wait(raw: bytes, ask: Ask) -> None:
    letter, begun = read_letter(raw), time.perf_counter()
    assert await vouch(letter, raw, "", TO, ask) is Vouched.UNKNOWN
    assert time.perf_counter() - begun < 3


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes((tag, size) if size < 128 else (tag, 0x82, size >> 8, size & 255)) + content


@pytest.mark.parametrize(("modulus", "exponent"), [(2048, 2047), (16_000, 17)])
def test_a_key_that_takes_long_to_work_with_is_none(modulus: int, exponent: int) -> None:
    numbers = [((1 << bits - 1) + 1).to_bytes(bits // 8 + 1, "big") for bits in (modulus, exponent)]
    inner = der(0x30, b"".join(der(0x02, number) for number in numbers))
    algorithm = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010101")) + der(0x05, b""))
    made = der(0x30, algorithm + der(0x03, b"\0" + inner))
    assert parse_public_key(made)["publicExponent"].bit_length() == exponent
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(made)
    assert signed.ask_key(lambda _name, timeout: record, b"s1._domainkey.example.org") is None


@given(st.text(" \t\r\na", max_size=30))
def test_lines_lose_the_spaces_at_their_ends_as_in_the_library(text: str) -> None:
    content = text.encode()
    assert signed.without_trailing_spaces(content) == re.sub(b"[\t ]+\r\n", b"\r\n", content)


async def test_where_a_mail_server_of_ours_looks_nobody_else_does(ask: Ask) -> None:
    def must_not(*_args: object, **_more: object) -> bytes | None:
        raise AssertionError("DNS was asked")

    raw = sign(HELLO)
    assert await vouch(read_letter(raw), raw, AUTHSERV, TO, must_not) is Vouched.UNKNOWN
    passed = b": ".join(part.encode() for part in vouched("pass")) + b"\r\n"
    assert await vouch(read_letter(passed + HELLO), passed + HELLO, AUTHSERV, TO, must_not) is Vouched.PASSED
    # that server saw the second of two mails, which is evil.example's
    forged = b"%bX: a\rFrom: ana@example.org\r\rSell it.\r\n%b" % (
        passed,
        HELLO.replace(b"example.org", b"evil.example"),
    )
    assert read_letter(forged).sender == "ana@example.org"
    assert await vouch(read_letter(forged), forged, AUTHSERV, TO, must_not) is Vouched.UNKNOWN
    other = passed.replace(b"example.org", b"evil.example") + HELLO
    assert await vouch(read_letter(other), other, AUTHSERV, TO, must_not) is Vouched.UNKNOWN
    raw = b": ".join(part.encode() for part in vouched("fail")) + b"\r\n" + raw
    assert await vouch(read_letter(raw), raw, AUTHSERV, TO, must_not) is Vouched.FAILED


async def test_a_signed_question_goes_to_the_team_at_once_as_a_vouched_one_does(
    site: Site, settings: Settings, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.settings = with_mail(settings)
    post = await Post.make(site)
    monkeypatch.setattr(handling, "vouch", partial(signed.vouch, ask=ask))
    to = f"pelican+support@{DOMAIN}"
    assert (await bring(site, HELLO, to))["outcome"] == "draft"  # type: ignore[index]
    raw = sign(mail("ana@example.org", to, "And the first window?\n", message_id="<2@home.example>"))
    fate = await bring(site, raw, to)
    assert fate is not None and fate["outcome"] == "asked" and post.thread != fate["thread_id"]
    assert await fetch_value("select state from ticket where thread_id = $1", fate["thread_id"]) == "waiting"
