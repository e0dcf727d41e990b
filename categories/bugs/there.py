"""What a repository offers who makes an issue in it: its templates and labels, read by the App; nothing where GitHub does
not say just now, since an issue can be made without."""

import asyncio
import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from categories.bugs.forms import Template, read_template
from forum.database.engine import Row, fetch
from forum.outside.github import Limited, Refused, Unsure, app_of, repository_of, with_token
from forum.settings import Settings

log = structlog.get_logger()
FOLDER: Final = "/contents/.github/ISSUE_TEMPLATE"
READ: Final = (("contents", "read"),)
TEMPLATES_MOST: Final = 20
BYTES_MOST: Final = 100_000
# A page does not wait longer for all of it (seconds).
PATIENCE: Final = 8.0


@dataclass(frozen=True)
class Offer:
    """`templates` in the order of their files; `labels` by name."""

    templates: tuple[Template, ...] = ()
    labels: tuple[str, ...] = ()

    def template(self, file: str) -> Template | None:
        return next((each for each in self.templates if each.file == file), None)


async def offer_of(settings: Settings, repository: str, now: datetime) -> Offer:
    """What this repository offers. Raises nothing."""
    try:
        async with asyncio.timeout(PATIENCE):
            labels = await labels_of(settings, repository, now)
            return Offer(await templates_of(settings, repository, now), labels)
    except (Refused, Limited, Unsure, TimeoutError) as away:
        log.info("no templates", repository=repository, why=str(away) or "timeout")
        return Offer()


async def labels_of(settings: Settings, repository: str, now: datetime) -> tuple[str, ...]:
    rows = await with_token(app_of(settings), repository, now, "GET", "/labels", params={"per_page": 100})
    names = [row.get("name") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return tuple(sorted({name for name in names if isinstance(name, str)}, key=str.casefold))


async def templates_of(settings: Settings, repository: str, now: datetime) -> tuple[Template, ...]:
    app = app_of(settings)
    try:
        rows = await with_token(app, repository, now, "GET", FOLDER, READ)
    except Refused as refused:
        # there are none, or the App may not read files there
        if refused.status in (403, 404, 422):
            return ()
        raise
    files = sorted(
        row["name"]
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and row.get("type") == "file" and isinstance(row.get("name"), str)
    )
    wanted = [name for name in files if name.lower().endswith((".md", ".yml", ".yaml"))][:TEMPLATES_MOST]
    found = []
    for name in wanted:
        if "/" in name or name.lower().startswith("config."):
            continue
        row = await with_token(app, repository, now, "GET", f"{FOLDER}/{name}", READ)
        text = text_of(row)
        if text and (template := read_template(name, text)) is not None:
            found.append(template)
    return tuple(found)


def text_of(row: Any) -> str:
    """A file's text, "" where it is none or too large."""
    told = row.get("content") if isinstance(row, dict) and row.get("encoding") == "base64" else None
    if not isinstance(told, str) or len(told) > 2 * BYTES_MOST:
        return ""
    try:
        return base64.b64decode(told).decode("utf-8", "replace")
    except ValueError:
        return ""


async def repositories_for(facts: Row) -> list[str]:
    """Where a thread of this project may become an issue: the project's repository, then those mapped to it by the App;
    what is mapped to another project is that one's."""
    rows = await fetch("select name, project_id from github_repository order by lower(name)")
    own = repository_of(facts["project_repository"])
    others = {row["name"].casefold() for row in rows if row["project_id"] not in (None, facts["project_id"])}
    found = [own] if own and own.casefold() not in others else []
    mapped = [row["name"] for row in rows if row["project_id"] == facts["project_id"]]
    return found + [name for name in mapped if name.casefold() != own.casefold()]
