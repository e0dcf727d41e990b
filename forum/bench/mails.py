"""How fast mail that comes in is understood: real mail, over and over."""

import asyncio
import os
import time
from itertools import cycle, islice
from pathlib import Path

from forum.bench.rows import Row, row
from forum.mail.reading.letter import Unreadable
from forum.mail.reading.understood import understand

MAILS, QUICK_MAILS = 50_000, 2_000
FOLDER = Path("data/mail")


def real_mails() -> list[bytes]:
    """The mails of the corpus, each as its bytes. RuntimeError where it is not there."""
    folder = Path(os.environ.get("HAAS_TEST_DATA", "../shared")).resolve() / FOLDER
    if not folder.is_dir():
        raise RuntimeError(f"no mails at {folder}: set HAAS_TEST_DATA")
    return [file.read_bytes() for file in sorted(folder.rglob("*.eml"))]


async def parsed_row(*, quick: bool) -> Row:
    """Mails a second that one process understands, quotations, files and reports included; 50,000 in all."""
    mails, count = real_mails(), QUICK_MAILS if quick else MAILS
    return row("mails_parsed_per_s", count / await asyncio.to_thread(seconds_for, mails, count))


def seconds_for(mails: list[bytes], count: int) -> float:
    began = time.perf_counter()
    for raw in islice(cycle(mails), count):
        try:
            understand(raw)
        except Unreadable:
            continue
    return time.perf_counter() - began
