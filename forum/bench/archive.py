"""An invented issue archive, in the form that IETF repositories publish, for measuring an import."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forum.demo.words import Writer

REPOSITORY = "bench/archive"


def make_archive(file: Path, issues: int, comments: int, seed: int = 7) -> None:
    """Write an archive of so many issues with so many comments in all; the same seed writes the same."""
    writer, dice = Writer(seed), random.Random(seed)
    people = [f"login-{n}" for n in range(max(2, issues // 8))]
    labels = [f"label-{n}" for n in range(30)]
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    share = [0] * issues
    for _ in range(comments):
        share[dice.randrange(issues)] += 1

    def said(at: datetime) -> dict[str, Any]:
        text = writer.post().markdown + (f"\n\nSee #{dice.randint(1, issues)}, @{dice.choice(people)}.")
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        return {
            "author": dice.choice(people),
            "authorAssociation": "NONE",
            "body": text,
            "createdAt": stamp,
            "updatedAt": stamp,
        }

    rows = []
    for number in range(1, issues + 1):
        at = begin + timedelta(hours=number)
        first = said(at)
        spoken = [said(at + timedelta(minutes=5 * n)) for n in range(1, share[number - 1] + 1)]
        is_closed = dice.random() < 0.7
        rows.append(
            {
                "number": number,
                "id": f"I_bench{number:06}",
                "title": writer.title(),
                "url": f"https://github.com/{REPOSITORY}/issues/{number}",
                "state": "CLOSED" if is_closed else "OPEN",
                "assignees": [],
                "labels": dice.sample(labels, dice.randint(0, 3)),
                "closedAt": (spoken or [first])[-1]["updatedAt"] if is_closed else None,
                "comments": spoken,
                **first,
            }
        )
    whole = {
        "magic": "E!vIA5L86J2I",
        "timestamp": "2026-01-01T00:00:00.000000+00:00",
        "repo": REPOSITORY,
        "labels": [{"name": name, "description": None, "color": "fc2929"} for name in labels],
        "issues": rows,
        "pulls": [],
    }
    file.write_text(json.dumps(whole))
