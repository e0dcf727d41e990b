"""`haas import github`: what an operator does from the command line, with a progress bar and a summary."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from forum.outside.fetch import FetchFailed, download
from forum.outside.github import Refused, Unsure
from forum.web.i18n import _
from importers.faults import one_line
from importers.github.archive import NotAnArchive, Source
from importers.github.importing import import_github
from importers.github.live import import_history, sleep_until
from importers.github.progress import Taken
from importers.github.records import REPOSITORY
from importers.github.splitting import SOURCE_MOST
from importers.placing import NoPlace
from importers.telling import WRONG_USAGE, fail, progress_bar, tell


async def run_import(
    repository: str, project: str, archive: str | None, as_json: bool = False, with_pulls: bool = False
) -> int:
    """Import the issues of OWNER/REPO from a file or an http(s) URL, else from GitHub's API; returns the exit status.

    The summary goes to standard output, progress and what went wrong to standard error. 0: done, records skipped or
    not. 1: nothing was imported, or the archive broke off (what came before it is imported). 2: wrong usage.
    """
    if not REPOSITORY.fullmatch(repository):
        return fail(_("%(name)s is not a repository: say OWNER/REPO.") % {"name": repository[:100]}, WRONG_USAGE)
    if not archive:
        return await run_live(repository, project, as_json)
    try:
        with TemporaryDirectory(prefix="haas-") as folder, progress_bar(_("Issues")) as bar:
            file = await bring(archive, Path(folder))
            summary = await import_github(repository, project, Source(file), with_pulls=with_pulls, progress=bar)
    except (NoPlace, NotAnArchive, FetchFailed) as error:
        is_place = isinstance(error, NoPlace)
        return fail(_("Nothing was imported: %(why)s.") % {"why": error if is_place else f"{archive}: {error}"})
    tell(summary, as_json)
    if summary.broken:
        told = {"where": summary.broken.where, "why": summary.broken.why}
        return fail(_("The archive could not be read to its end: %(where)s, %(why)s.") % told)
    return 0


async def run_live(repository: str, project: str, as_json: bool = False) -> int:
    """Import the whole history from GitHub's API; where it asks to wait, wait. Returns the exit status.

    Ended in any way, the next run goes on where this one was.
    """
    try:
        with progress_bar(_("GitHub")) as bar:
            summary = await import_history(repository, project, progress=bar, pause=sleep_until)
    except NoPlace as error:
        return fail(_("Nothing was imported: %(why)s.") % {"why": error})
    except Taken:
        return fail(_("Another run imports %(name)s just now.") % {"name": repository})
    except Refused as refused:
        return fail(_("GitHub refused it: %(why)s.") % {"why": one_line(refused.message, 200)})
    except Unsure as unsure:
        told = {"why": one_line(str(unsure), 200)}
        return fail(_("GitHub did not answer (%(why)s). Start it again: it goes on where it was.") % told)
    tell(summary, as_json)
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
