"""What `haas doctor` says of the door for mail."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from forum.doctor import Check, check_mail_in
from forum.mail.arriving.smtp import listening
from forum.processes import mail_door
from forum.settings import Settings


async def told(settings: Settings, **changed: str) -> dict[str, Check]:
    return {check.name: check for check in await check_mail_in(replace(settings, **changed))}


async def test_no_door_says_what_would_open_one(settings: Settings) -> None:
    checks = await told(settings)
    assert [check.ok for check in checks.values()] == [None] and "HAAS_SMTP_LISTEN" in checks["mail in"].detail


@pytest.mark.parametrize("kind", ["lmtp:", ""])
async def test_a_door_that_answers_is_told_from_one_that_does_not(
    settings: Settings, tmp_path: Path, kind: str
) -> None:
    chosen = replace(
        settings, mail_domain="help.example", mail_authserv="mx.help.example", smtp_listen=f"{kind}127.0.0.1:0"
    )
    async with listening(chosen) as server:
        port = server.sockets[0].getsockname()[1]
        checks = await told(chosen, smtp_listen=f"{kind}127.0.0.1:{port}")
        assert [check.ok for check in checks.values()] == [True, True, True]
        assert "{project}@help.example" in checks["mail in, addresses"].detail
    gone = (await told(chosen, smtp_listen=f"lmtp:{tmp_path / 'none'}"))["mail in"]
    assert gone.ok is None and "nobody answers" in gone.detail


async def test_what_would_not_work_is_bad(settings: Settings) -> None:
    checks = await told(settings, smtp_listen="25")
    assert checks["mail in"].ok is False and "host:port" in checks["mail in"].detail
    assert checks["mail in, addresses"].ok is False and "MAIL_DOMAIN" in checks["mail in, addresses"].detail
    assert checks["mail in, senders"].ok is None and "DMARC" in checks["mail in, senders"].detail

    async def speaks_of_something_else(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n")
        writer.close()

    async with await asyncio.start_server(speaks_of_something_else, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert (await told(settings, smtp_listen=f"127.0.0.1:{port}"))["mail in"].ok is False


async def test_a_pipe_is_a_door_that_nobody_listens_at(settings: Settings) -> None:
    checks = await told(settings, smtp_listen="pipe", mail_domain="help.example")
    assert checks["mail in"].ok is True and "haas mail receive" in checks["mail in"].detail
    async with mail_door(replace(settings, smtp_listen="pipe")):
        pass
