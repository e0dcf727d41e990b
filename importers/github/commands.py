"""`haas import github`: what an operator does from the command line, with a progress bar and a summary."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from forum.outside.fetch import FetchFailed, download
from forum.web.i18n import _
from importers.github.archive import NotAnArchive, Source
from importers.github.importing import Progress as Tell
from importers.github.importing import Summary, import_github
from importers.github.place import NoPlace
from importers.github.records import REPOSITORY
from importers.github.splitting import SOURCE_MOST

FAILED, WRONG_USAGE = 1, 2
# Skipped records that are told one by one; --json has all of them.
TOLD = 20


async def run_import(
    repository: str, project: str, archive: str | None, as_json: bool = False, with_pulls: bool = False
) -> int:
    """Import the issues of OWNER/REPO from a file or an http(s) URL; returns the exit status.

    The summary goes to standard output, progress and what went wrong to standard error. 0: done, records skipped or
    not. 1: nothing was imported, or the archive broke off (what came before it is imported). 2: wrong usage.
    """
    if not REPOSITORY.fullmatch(repository):
        return fail(_("%(name)s is not a repository: say OWNER/REPO.") % {"name": repository[:100]}, WRONG_USAGE)
    if not archive:
        return fail(_("Say where the issues are: --archive FILE or URL (archive.json, or REST rows)."), WRONG_USAGE)
    try:
        with TemporaryDirectory(prefix="haas-") as folder, progress_bar() as tell:
            file = await bring(archive, Path(folder))
            summary = await import_github(repository, project, Source(file), with_pulls=with_pulls, progress=tell)
    except (NoPlace, NotAnArchive, FetchFailed) as error:
        is_place = isinstance(error, NoPlace)
        return fail(_("Nothing was imported: %(why)s.") % {"why": error if is_place else f"{archive}: {error}"})
    print(json.dumps(summary.as_json(), ensure_ascii=False) if as_json else described(summary))
    if summary.broken:
        told = {"where": summary.broken.where, "why": summary.broken.why}
        return fail(_("The archive could not be read to its end: %(where)s, %(why)s.") % told)
    return 0


async def bring(archive: str, folder: Path) -> Path:
    """The file to read: the one named, or what stands at the URL. Raises FetchFailed."""
    if "://" not in archive:
        return Path(archive)
    file = folder / "archive"
    with open_new(file) as to:
        # the operator of this machine named the host, so it may be one of their own
        await download(archive, to, most=SOURCE_MOST, named_by_operator=True)
    return file


def open_new(file: Path) -> BinaryIO:
    return cast(BinaryIO, file.open("wb"))


def fail(line: str, status: int = FAILED) -> int:
    print(line, file=sys.stderr)
    return status


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """A bar on standard error while the import runs; nothing where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(_("Issues"), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def described(summary: Summary) -> str:
    """The summary in words."""
    numbers = {name: value for name, value in summary.as_json().items() if name != "skipped"}
    told = [
        _("%(threads)d threads, %(posts)d posts, %(people)d people, %(tags)d tags") % numbers,
        _("%(created)d created, %(updated)d updated, %(unchanged)d unchanged") % numbers,
    ]
    if summary.skipped:
        told.append(_("%(n)d skipped:") % {"n": len(summary.skipped)})
        told += [f"  {fault.where}: {fault.why}" for fault in summary.skipped[:TOLD]]
        if len(summary.skipped) > TOLD:
            told.append("  " + _("and %(n)d more (--json tells all)") % {"n": len(summary.skipped) - TOLD})
    return "\n".join(told)
