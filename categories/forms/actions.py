"""What maintainers set about asking: the fields of a category's form, what is read first, who reads a ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from categories.forms.rules import FIELDS_MOST, KINDS, OPTIONS_MOST
from forum import audit
from forum.database.engine import action, execute, fetch, fetch_one
from forum.projects.roles import require
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

PINNED_MOST = 8


@dataclass(frozen=True)
class NewField:
    """A row of the settings page; `id` 0 for a new one."""

    id: int
    kind: str
    label: str
    help: str
    options: Sequence[str]
    is_required: bool

    def faults(self, n: int) -> dict[str, str]:
        found = {}
        if self.kind not in KINDS:
            found[f"kind-{n}"] = _("Choose one of these.")
        if not 1 <= len(self.label) <= 80:
            found[f"label-{n}"] = _("1 to %(n)d characters.") % {"n": 80}
        if len(self.help) > 300:
            found[f"help-{n}"] = _("At most %(n)d characters.") % {"n": 300}
        if self.kind == "choice" and not self.options:
            found[f"options-{n}"] = _("A choice needs something to choose from, a line each.")
        if len(self.options) > OPTIONS_MOST or any(len(each) > 100 for each in self.options):
            found[f"options-{n}"] = _("At most %(n)d lines of 100 characters.") % {"n": OPTIONS_MOST}
        return found


@action
async def set_fields(reader: Reader, category: int, rows: Sequence[NewField]) -> None:
    """Make a category's form these fields, in this order. What is not among them is asked no more; its answers stay. A
    field whose kind changes is a new one. Raises NotFound, Forbidden, Invalid."""
    place = await fetch_one("select id, project_id from category where id = $1 for update", category)
    if place is None:
        raise NotFound
    require(reader, "edit_project", place["project_id"])
    faults: dict[str, str] = {}
    for n, row in enumerate(rows):
        faults |= row.faults(n)
    labels = [row.label.casefold() for row in rows]
    for n, label in enumerate(labels):
        if label in labels[:n]:
            faults[f"label-{n}"] = _("Two fields of one name cannot be told apart.")
    if len(rows) > FIELDS_MOST:
        faults[""] = _("At most %(n)d fields; a long form is not filled in.") % {"n": FIELDS_MOST}
    if faults:
        raise Invalid(faults)
    known = {
        each["id"]: each["kind"]
        for each in await fetch(
            "select id, kind from ask_field where category_id = $1 and retired_at is null", category
        )
    }
    kept = {row.id for row in rows if known.get(row.id) == row.kind}
    await execute(
        "update ask_field set retired_at = now() where category_id = $1 and retired_at is null and id <> all($2::bigint[])",
        category,
        list(kept),
    )
    for position, row in enumerate(rows):
        values = (position, row.label, row.help, list(row.options), row.is_required)
        if row.id in kept:
            await execute(
                "update ask_field set position = $2, label = $3, help = $4, options = $5, is_required = $6 where id = $1",
                row.id,
                *values,
            )
            kept.discard(row.id)
        else:
            await execute(
                "insert into ask_field (category_id, kind, position, label, help, options, is_required)"
                " values ($1, $2, $3, $4, $5, $6, $7)",
                category,
                row.kind,
                *values,
            )
    await audit.record("ask_fields_set", actor=reader.person, subject=("category", category))


@action
async def set_asking(
    reader: Reader, project: int, *, private_tickets: str, answer_minutes: int | None, links: Sequence[tuple[str, str]]
) -> None:
    """Who reads a ticket, what an answer takes somebody, and what is read first, as pairs of title and address.

    Raises Forbidden, Invalid.
    """
    require(reader, "edit_project", project)
    faults = {}
    if private_tickets not in ("never", "choice", "always"):
        faults["private_tickets"] = _("Choose one of these.")
    if answer_minutes is not None and not 1 <= answer_minutes <= 960:
        faults["answer_minutes"] = _("From 1 to 960 minutes, or nothing.")
    if len(links) > PINNED_MOST:
        faults["links"] = _("At most %(n)d links; more are not read.") % {"n": PINNED_MOST}
    for title, url in links:
        if not 1 <= len(title) <= 160 or not title.isprintable():
            faults["links"] = _("Each line needs an address and a title of at most 160 characters.")
        elif not is_link(url):
            faults["links"] = _("%(url)s is no address that begins with https:// or /.") % {"url": url[:100]}
    if faults:
        raise Invalid(faults)
    await execute(
        "insert into asking (project_id, private_tickets, answer_minutes) values ($1, $2, $3) on conflict (project_id)"
        " do update set private_tickets = excluded.private_tickets, answer_minutes = excluded.answer_minutes",
        project,
        private_tickets,
        answer_minutes,
    )
    await execute("delete from pinned_link where project_id = $1", project)
    for position, (title, url) in enumerate(links):
        await execute(
            "insert into pinned_link (project_id, position, title, url) values ($1, $2, $3, $4)",
            project,
            position,
            title,
            url,
        )
    await audit.record("asking_set", actor=reader.person, subject=("project", project), private=private_tickets)


def is_link(url: str) -> bool:
    """Whether an address is of the web, or a path of this site."""
    if not url.isprintable() or len(url) > 300 or " " in url or "\\" in url:
        return False
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    is_path = not split.scheme and not split.netloc and url.startswith("/") and not url.startswith("//")
    return is_path or (split.scheme in ("http", "https") and bool(split.hostname))
