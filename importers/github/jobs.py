"""The job that imports a repository's history: it waits for GitHub by going on later, and goes on after any end."""

from datetime import UTC, datetime, timedelta

import structlog

from forum.database.engine import fetch
from forum.jobs import enqueue
from forum.outside.github import Limited, Refused, Unsure
from importers.faults import one_line
from importers.github.live import import_history
from importers.github.progress import Taken, set_state
from importers.placing import NoPlace

log = structlog.get_logger()
JOB = "import_github"
# After an answer that did not come.
AGAIN = timedelta(minutes=2)


async def import_github_history(repository: str, project: str) -> None:
    """Import, or go on with, the history of a repository. Idempotent; where another one does so, that one goes on."""
    name = repository.casefold()
    try:
        await import_history(repository, project)
    except Taken:
        return
    except Limited as limited:
        await later(repository, project, limited.until, "limited")
    except Unsure as unsure:
        log.info("github did not answer", repository=repository, why=str(unsure))
        await later(repository, project, datetime.now(UTC) + AGAIN, "no-answer")
    except (NoPlace, Refused) as refused:
        await set_state(name, "failed", problem=one_line(str(refused), 300), project=project)


async def later(repository: str, project: str, until: datetime, problem: str) -> None:
    name = repository.casefold()
    await set_state(name, "limited", problem=problem, resume_at=until, project=project)
    key = f"import-github:{name}:{until.isoformat(timespec='minutes')}"
    await enqueue(JOB, once=key, delay=until - datetime.now(UTC), repository=repository, project=project)


async def resume_imports() -> None:
    """The job of every ten minutes: what stopped without a word (its worker was killed) goes on."""
    for row in await fetch(
        "select i.repository, p.slug from github_import i join project p on p.id = i.project_id"
        " where i.state in ('waiting', 'running', 'limited') and i.changed_at < now() - interval '10 minutes'"
        " and (i.resume_at is null or i.resume_at < now())"
    ):
        await enqueue(JOB, once=f"import-github:{row['repository']}", repository=row["repository"], project=row["slug"])
