"""`haas import stackexchange`: what an operator does from the command line, with a progress bar and a summary."""

import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from forum.database.engine import fetch_value
from forum.outside.stackexchange import Client, Exhausted, NoAnswer, Refused
from forum.settings import settings
from forum.web.i18n import _
from importers.kept import keep
from importers.placing import NoPlace
from importers.stackexchange.asking import Asking
from importers.stackexchange.dump import Dump
from importers.stackexchange.importing import A_BATCH, Batch, find_place, import_questions
from importers.stackexchange.people import SOURCE
from importers.stackexchange.records import Question
from importers.stackexchange.rows import BadDump
from importers.stackexchange.sites import DOMAINS, HOST, host_of
from importers.summary import Summary
from importers.telling import WRONG_USAGE, fail, progress_bar, tell

DEFAULT_SITE = "stackoverflow"
# https://stackoverflow.com/help/tagging: letters of any script, digits, and + - # .
TAG = re.compile(r"[\w+#.-]{1,60}")


async def run_import(project: str, tag: str | None, site: str | None, dump: str | None, as_json: bool = False) -> int:
    """Import questions from a dump's folder, or those with a tag from the API; returns the exit status.

    The summary goes to standard output, progress and what went wrong to standard error. 0: done, records skipped or
    not. 1: the source cannot be read, or not to its end. 2: wrong usage.
    """
    if (tag is None) == (dump is None):
        return fail(_("Say where the questions are: --dump DIR, or --tag TAG with --site."), WRONG_USAGE)
    if site is not None and host_of(site) is None:
        return fail(_("%(name)s is not a site of Stack Exchange.") % {"name": site[:100]}, WRONG_USAGE)
    if dump is not None:
        return await import_dump(project, Path(dump), site, as_json)
    return await import_tag(project, (tag or "").strip().lower(), site or DEFAULT_SITE, as_json)


async def import_dump(project: str, folder: Path, site: str | None, as_json: bool) -> int:
    host = host_of(site) if site else host_in(folder)
    if host is None:
        host = host_of(DEFAULT_SITE) or ""
        print(_("Taken as a dump of %(host)s; --site says another.") % {"host": host}, file=sys.stderr)
    try:
        place = await find_place(host, host, project)
        with TemporaryDirectory(prefix="haas-") as spool, progress_bar(_("Questions")) as bar:
            read = Dump(folder, Path(spool) / "spool")
            try:
                total = read.read()
                summary = await import_questions(place, batches_of(read, total), progress=bar)
            finally:
                read.close()
    except (NoPlace, BadDump) as error:
        is_place = isinstance(error, NoPlace)
        return fail(_("Nothing was imported: %(why)s.") % {"why": error if is_place else f"{folder}: {error}"})
    tell(summary, as_json)
    return 0


async def import_tag(project: str, tag: str, site: str, as_json: bool) -> int:
    host = host_of(site) or ""
    if not TAG.fullmatch(tag):
        return fail(_("%(name)s is not a tag.") % {"name": tag[:100]}, WRONG_USAGE)
    name = f"{host}/tagged/{tag}"
    try:
        place = await find_place(host, name, project)
    except NoPlace as error:
        return fail(_("Nothing was imported: %(why)s.") % {"why": error})
    asking = Asking(Client.of(settings(), site), host, tag, await stopped_at(name))
    if asking.since is not None:
        print(_("Going on where the last run had to stop."), file=sys.stderr)
    summary = Summary()
    why: Exception | None = None
    with progress_bar(_("Questions")) as bar:
        try:
            await import_questions(place, asking.batches(), progress=bar, summary=summary)
        except (Refused, Exhausted, NoAnswer) as error:
            why = error
    if why is not None and not summary.threads:
        return fail(_("Nothing was imported: %(why)s.") % {"why": why})
    await stop_at(name, asking.since if why is not None else None)
    tell(summary, as_json)
    if why is not None:
        return fail(
            _("The API could not be read to its end: %(why)s. Run it again; it will go on there.") % {"why": why}
        )
    return 0


async def stopped_at(name: str) -> int | None:
    """Where the last run had to stop (Unix seconds), None where it did not."""
    seen = await fetch_value("select seen from import_record where source = $1 and foreign_id = $2", SOURCE, name)
    since = (seen or {}).get("since")
    return since if type(since) is int else None


async def stop_at(name: str, since: int | None) -> None:
    """Remember where to go on, or (None) that there is nothing left."""
    await keep(SOURCE, name, "", {} if since is None else {"since": since}, datetime.now(UTC))


def host_in(folder: Path) -> str | None:
    """The host that a dump's folder is named after, as the archives are (`french.meta.stackexchange.com`)."""
    name = folder.absolute().name.lower()
    return name if name.endswith(DOMAINS) and HOST.fullmatch(name) else None


async def batches_of(dump: Dump, total: int) -> AsyncIterator[Batch]:
    """A dump's questions, what it could not tell first."""
    faults = dump.faults
    questions: list[Question] = []
    for question in dump.questions():
        questions.append(question)
        if len(questions) == A_BATCH:
            yield Batch(questions, faults, total)
            questions, faults = [], []
    yield Batch(questions, faults, total)
