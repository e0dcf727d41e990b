"""What a project shows to whom: its categories, and the tabs of its bar. Pure."""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from forum.projects.roles import may
from forum.web.i18n import _
from forum.web.reader import Reader


class Columns(Protocol):
    """A database row or a dictionary: columns by name."""

    def __getitem__(self, name: str, /) -> Any: ...

    def get(self, name: str, /) -> Any: ...


C = TypeVar("C", bound=Columns)

# address, text, whether it is this page, how many wait there (0: nothing is said)
Tab = tuple[str, str, bool, int | None]


def may_see_category(reader: Reader, category: Columns) -> bool:
    """Whether a category is named to a reader (product.md, "Visibility").

    `category` has project_id, visibility and readers (role names). A private category is named to the roles it
    lists and to nobody else; a reporter finds their own thread by its address, not by the category.
    """
    role = reader.role_in(category["project_id"])
    match category["visibility"]:
        case "public":
            return True
        case "members":
            return reader.is_signed_in
        case "team":
            return role is not None
        case "private":
            return role in category["readers"]
    return False


def visible_categories(reader: Reader, categories: Iterable[C]) -> list[C]:
    """The categories that are named to a reader, in the order given."""
    return [category for category in categories if may_see_category(reader, category)]


def report_address(project: str, categories: Iterable[Columns]) -> str:
    """Where everybody reports a security problem privately; "" where the project has no place for it."""
    for category in categories:
        if category["kind"] == "security":
            return f"/new-thread?project={project}&category={category['slug']}"
    return ""


def project_tabs(reader: Reader, project: Columns, active: str) -> list[Tab]:
    """The tabs of a project's bar for a reader; `active` is threads, inbox, supporters, plans, ledger, dashboard,
    bumps, about, settings or "".

    `project` has id and slug, and may have waiting (tickets in the queue), which the team alone is told here; other
    tabs count nothing (None).
    """
    slug, number = project["slug"], project["id"]
    waiting = project.get("waiting") or 0
    tabs: list[tuple[str, str, str, int | None]] = [(f"/c/{slug}", _("Threads"), "threads", None)]
    if reader.is_team(number):
        tabs.append((f"/p/{slug}/inbox", _("Inbox"), "inbox", waiting))
    tabs.append((f"/p/{slug}/supporters", _("Supporters"), "supporters", None))
    tabs.append((f"/p/{slug}/plans", _("Plans"), "plans", None))
    tabs.append((f"/p/{slug}/ledger", _("Ledger"), "ledger", None))
    if reader.is_team(number):
        tabs.append((f"/p/{slug}/dashboard", _("Dashboard"), "dashboard", None))
    if may(reader, "sell", number):
        tabs.append((f"/p/{slug}/bumps", _("Bumps"), "bumps", None))
    tabs.append((f"/p/{slug}", _("About"), "about", None))
    if may(reader, "edit_project", number):
        tabs.append((f"/p/{slug}/settings", _("Settings"), "settings", None))
    return [(address, text, name == active, count) for address, text, name, count in tabs]


def role_name(role: str) -> str:
    """A role of the team as it is shown."""
    names = {
        "owner": _("Owner"),
        "maintainer": _("Maintainer"),
        "triager": _("Triager"),
        "supporter": _("Supporter"),
    }
    return names[role]
