"""How an import is told on the command line: a progress bar, a summary in words or as JSON, what failed in one line."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from forum.web.i18n import _
from importers.summary import Progress as Tell
from importers.summary import Summary

FAILED, WRONG_USAGE = 1, 2
# Skipped records that are told one by one; --json has all of them.
TOLD = 20


def fail(line: str, status: int = FAILED) -> int:
    print(line, file=sys.stderr)
    return status


def tell(summary: Summary, as_json: bool) -> None:
    """Print the summary to standard output."""
    print(json.dumps(summary.as_json(), ensure_ascii=False) if as_json else described(summary))


@contextmanager
def progress_bar(what: str) -> Iterator[Tell]:
    """A bar on standard error while the import runs; nothing where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
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
