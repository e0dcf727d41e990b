"""A repository's settings: which project it belongs to, and how the bot behaves there."""

from dataclasses import dataclass, field
from typing import Final

from forum import audit
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.projects.roles import require
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _, known_locales
from forum.web.reader import Reader
from importers.github.bot.texts import TEXT_MOST, faults_of
from importers.github.people import SOURCE

LABELS_MOST: Final = 20
LABEL_MOST: Final = 50

REPOSITORIES = """
select r.*, i.account, coalesce(i.is_suspended, false) as is_suspended, p.slug as project_slug, p.name as project_name,
       c.name as category_name, c.visibility as category_visibility,
       (select count(*) from github_move m where m.repository_id = r.id and m.purpose = 'move' and m.state = 'done')
           as moved,
       (select count(*) from github_move m where m.repository_id = r.id and m.state = 'failed') as failed
  from github_repository r left join github_installation i on i.id = r.installation_id
  left join project p on p.id = r.project_id left join category c on c.id = r.category_id
"""


@dataclass(frozen=True)
class Behaviour:
    """How the bot behaves in a repository. `category`: where questions go, None for the project's first for support;
    `locale`: what the bot speaks, "" for English."""

    category: int | None = None
    locks_moved: bool = False
    comments_follow: bool = True
    offers_labels: tuple[str, ...] = field(default=())
    offers_by_triage: bool = False
    bot_text: str = ""
    locale: str = ""


async def all_repositories() -> list[Row]:
    """Every repository that was ever told of, those in use first."""
    return await fetch(f"{REPOSITORIES} order by r.installation_id is null, r.project_id is not null, lower(r.name)")


async def repositories_of(project: int) -> list[Row]:
    """The repositories of a project, by name."""
    return await fetch(f"{REPOSITORIES} where r.project_id = $1 order by lower(r.name)", project)


async def repository_by_id(number: int) -> Row:
    """One repository. Raises NotFound."""
    row = await fetch_one(f"{REPOSITORIES} where r.id = $1", number)
    if row is None:
        raise NotFound
    return row


async def support_categories(project: int, *, is_private: bool) -> list[Row]:
    """Where questions may go: (id, name, visibility), as the project orders them; those of a private repository only
    where the team alone reads."""
    return await fetch(
        "select id, name, visibility from category where project_id = $1 and kind = 'support'"
        " and (not $2 or visibility in ('team', 'private')) order by position, id",
        project,
        is_private,
    )


async def all_installations() -> list[Row]:
    """Where the App is installed, with the number of its repositories."""
    return await fetch(
        "select i.*, (select count(*) from github_repository r where r.installation_id = i.id) as repositories"
        " from github_installation i order by lower(i.account)"
    )


@action
async def map_repository(reader: Reader, number: int, slug: str) -> None:
    """Let a repository belong to the project of this handle, "" to none; an admin does so. Raises NotFound, Invalid."""
    if not reader.is_admin:
        raise NotFound
    row = await fetch_one("select * from github_repository where id = $1 for update", number)
    if row is None:
        raise NotFound
    project = None
    if slug:
        project = await fetch_value("select id from project where slug = $1", slug.lower())
        if project is None:
            raise Invalid({"project": _("There is no such project.")})
        other = await fetch_value(
            "select p.slug from import_source s join project p on p.id = s.project_id"
            " where s.source = $1 and s.name = lower($2) and s.project_id <> $3",
            SOURCE,
            row["name"],
            project,
        )
        if other:
            told = _("Its issues stand in the project %(slug)s already. One repository is of one project.")
            raise Invalid({"project": told % {"slug": other}})
    if project == row["project_id"]:
        return
    await execute("update github_repository set project_id = $2, category_id = null where id = $1", number, project)
    await audit.record(
        "github_repository_mapped",
        actor=reader.person,
        subject=("project", project or row["project_id"]),
        repository=row["name"],
        taken_away=project is None,
    )


@action
async def set_behaviour(reader: Reader, number: int, wanted: Behaviour) -> None:
    """Write down how the bot behaves in a repository of a project; its maintainers do so, and admins. Raises NotFound,
    Forbidden, Invalid."""
    row = await fetch_one(
        "select id, name, project_id, is_private from github_repository where id = $1 for update", number
    )
    if row is None or row["project_id"] is None:
        raise NotFound
    if not reader.is_admin:
        require(reader, "edit_project", row["project_id"])
    check(
        wanted,
        [category["id"] for category in await support_categories(row["project_id"], is_private=row["is_private"])],
    )
    await execute(
        "update github_repository set category_id = $2, locks_moved = $3, comments_follow = $4, offers_labels = $5,"
        " offers_by_triage = $6, bot_text = $7, locale = $8 where id = $1",
        number,
        wanted.category,
        wanted.locks_moved,
        # what a private repository says later never follows; nor does it once it is public, unless that is chosen then
        wanted.comments_follow and not row["is_private"],
        list(wanted.offers_labels),
        wanted.offers_by_triage,
        wanted.bot_text,
        wanted.locale,
    )
    await audit.record(
        "github_bot_set", actor=reader.person, subject=("project", row["project_id"]), repository=row["name"]
    )


def check(wanted: Behaviour, categories: list[int]) -> None:
    """Raises Invalid with every fault."""
    faults = {}
    if wanted.category is not None and wanted.category not in categories:
        faults["category"] = _("Choose one of these.")
    if wanted.locale not in ("", *known_locales()):
        faults["locale"] = _("Choose one of these.")
    if len(wanted.offers_labels) > LABELS_MOST or any(len(label) > LABEL_MOST for label in wanted.offers_labels):
        faults["offers_labels"] = _("At most %(n)d labels of at most %(size)d characters.") % {
            "n": LABELS_MOST,
            "size": LABEL_MOST,
        }
    if len(wanted.bot_text) > TEXT_MOST:
        faults["bot_text"] = _("At most %(limit)d characters; these are %(n)d.") % {
            "limit": TEXT_MOST,
            "n": len(wanted.bot_text),
        }
    elif told := faults_of(wanted.bot_text):
        faults["bot_text"] = " ".join(told)
    if faults:
        raise Invalid(faults)
