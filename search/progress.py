"""The bar that `haas search rebuild` shows on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from forum.web.i18n import _
from search.interface import Tell


@contextmanager
def progress_bar() -> Iterator[Tell]:
    """Posts read, of how many; nothing where nobody watches."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(_("Posts"), total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
