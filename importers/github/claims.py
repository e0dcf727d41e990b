"""Who signs in with GitHub claims what was imported under their name, once GitHub's number of them is the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from forum.accounts.claims import claim, has_number, number_of
from forum.accounts.events import IdentityProven
from forum.database.engine import action, fetch, fetch_value
from forum.jobs import enqueue
from forum.origins import find_all, remember
from forum.settings import settings
from forum.web.errors import Conflict
from importers.github.lookup import Ask
from importers.github.people import SOURCE
from importers.github.records import API_ISSUE, Login, person_of, read_time

log = structlog.get_logger()
# Records that are looked up for one placeholder, until one tells.
ASKED = 3


async def github_proven(event: IdentityProven) -> None:
    """Claim what is known by this number; have GitHub asked about what is known by this login alone.

    Inside the transaction of the sign-in, which must not fail for it.
    """
    if event.provider != SOURCE:
        return
    known = await find_all(SOURCE, "person", [f"user:{event.subject}", f"login:{event.login.casefold()}"])
    if (row := known.get(f"user:{event.subject}")) is not None:
        await claim_if_free(row, event.person)
    named = known.get(f"login:{event.login.casefold()}")
    if named is not None and named != row and await is_unsure(named):
        await enqueue(
            "look_up_claim",
            once=f"look-up-claim:{named}:{event.person}",
            placeholder=named,
            person=event.person,
            number=event.subject,
        )


async def is_unsure(placeholder: int) -> bool:
    """Whether this is a placeholder that nobody has claimed, and known by its login alone."""
    is_free = await fetch_value(
        "select 1 from person where id = $1 and kind = 'placeholder' and same_as is null", placeholder
    )
    return bool(is_free) and await number_of(placeholder) is None


async def claim_if_free(placeholder: int, person: int) -> None:
    """Claim it for whom its number was shown to be, unless somebody has it."""
    if await fetch_value("select 1 from person where id = $1 and same_as is null", placeholder):
        try:
            await claim(placeholder, person, actor=person, how="number")
        except Conflict as refused:
            log.info("not claimed", placeholder=placeholder, why=refused.message)


async def look_up_claim(placeholder: int, person: int, number: str) -> None:
    """The job: ask GitHub for the number of who wrote what was imported; the same one claims it.

    Run again it finds it done. Raises what keeps GitHub from answering; the job is then tried again.
    """
    if not await is_unsure(placeholder):
        return
    found = await number_by_writing(placeholder)
    if found is None:
        log.info("not claimed", placeholder=placeholder, why="GitHub does not tell who wrote")
        return
    await settle(placeholder, person, number, found)


@action
async def settle(placeholder: int, person: int, number: str, found: int) -> None:
    """Remember what the look-up told, and claim where it is the number of who signed in, and still signs in with it."""
    await remember(SOURCE, "person", placeholder, [f"user:{found}"])
    same = str(found) == number
    if same and await has_number(person, number):
        await claim_if_free(placeholder, person)
    else:
        log.info("not claimed", placeholder=placeholder, why="the number is another")


@dataclass(frozen=True)
class Written:
    """Something imported: which post of which issue of which repository, and when it was made there."""

    repository: str
    issue: str
    number: int
    at: datetime

    @property
    def path(self) -> str:
        return f"/repos/{self.repository}/issues/{self.issue}"


async def number_by_writing(placeholder: int) -> int | None:
    """GitHub's number of who wrote what stands under a placeholder, from their issues first, then from their comments;
    None where GitHub has none of it any more, or not as it was imported."""
    login = str(await fetch_value("select name from person where id = $1", placeholder))
    async with Ask(settings()) as ask:
        for written in await writings(placeholder):
            if written.number == 1:
                told = await ask.json(written.path)
                found = writer_of(told, written) if isinstance(told, dict) else None
            else:
                since = written.at.strftime("%Y-%m-%dT%H:%M:%SZ")
                told = await ask.json(f"{written.path}/comments?since={since}&per_page=100")
                found = commenter_of(told, written, login) if isinstance(told, list) else None
            if found is not None:
                return found
    return None


def writer_of(told: dict[str, Any], written: Written) -> int | None:
    """Who wrote an issue. One of another moment is another issue: a repository's name can change hands, too."""
    address = told.get("url")
    is_it = isinstance(address, str) and (named := API_ISSUE.search(address)) and named[1] == written.issue
    if not is_it or read_time(told, "created_at") != written.at:
        return None
    return sure_number(person_of(told.get("user")))


def commenter_of(told: list[Any], written: Written, login: str) -> int | None:
    """Who wrote the comment of that second, under the very login that was imported: an archive's dates may be mended,
    so that a second alone could mean somebody else."""

    def writers() -> Iterator[Login | None]:
        for row in told:
            if isinstance(row, dict) and read_time(row, "created_at") == written.at:
                yield person_of(row.get("user"))

    found = {who.id for who in writers() if who and who.login.casefold() == login.casefold() and sure_number(who)}
    return found.pop() if len(found) == 1 else None


def sure_number(who: Login | None) -> int | None:
    """The number of somebody who is not the ghost of a deleted account."""
    return who.id if who is not None and who.login.casefold() != "ghost" else None


async def writings(placeholder: int) -> list[Written]:
    """The latest issues that stand under a placeholder, then the latest comments."""
    rows = await fetch(
        "(select a.foreign_id, 1 as number, t.created_at from thread t join origin_alias a on a.kind = 'thread'"
        " and a.row_id = t.id and a.source = $2 and a.foreign_id ~ '^[^/]+/[^/]+#[0-9]+$'"
        " where t.author_id = $1 and t.origin = $2 order by t.id desc limit $3) union all"
        " (select a.foreign_id, p.number, p.created_at from post p join origin_alias a on a.kind = 'thread'"
        " and a.row_id = p.thread_id and a.source = $2 and a.foreign_id ~ '^[^/]+/[^/]+#[0-9]+$'"
        " where p.author_id = $1 and p.origin = $2 and p.number > 1 order by p.id desc limit $3)",
        placeholder,
        SOURCE,
        ASKED,
    )
    made = []
    for row in rows:
        repository, _mark, issue = row["foreign_id"].rpartition("#")
        made.append(Written(repository, issue, row["number"], row["created_at"]))
    return made
