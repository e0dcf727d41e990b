"""What people do to projects: register one, build its team, change its words, accept its terms."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from forum import audit
from forum.database.engine import action, execute, fetch, fetch_value
from forum.events import publish
from forum.projects.events import TeamLeft
from forum.projects.roles import TEAM, at_most, require
from forum.web.errors import Forbidden, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")

# slug, name, visibility, readers by role: what every new project starts with (product.md, "Words")
DEFAULT_CATEGORIES: tuple[tuple[str, str, str, list[str]], ...] = (
    ("support", "Support", "public", []),
    ("bugs", "Bugs", "public", []),
    ("features", "Features", "public", []),
    ("security", "Security", "private", ["maintainer", "owner"]),
)


def is_slug(slug: str) -> bool:
    return SLUG.fullmatch(slug) is not None and not slug.isdigit() and "--" not in slug


def is_address(url: str) -> bool:
    """Whether this is an http(s) address that may be linked to; "" counts."""
    if not url:
        return True
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme in ("http", "https") and bool(split.hostname) and url.isprintable() and len(url) <= 300


@dataclass(frozen=True)
class NewProject:
    """What is said when a project registers; everything but slug, name and entity may be empty."""

    slug: str
    name: str
    entity: str
    tagline: str = ""
    website: str = ""
    repository: str = ""
    code_of_conduct: str = ""
    guideline: str = ""
    country: str = ""
    terms: str = ""

    def faults(self) -> dict[str, str]:
        found = {}
        if not is_slug(self.slug):
            found["slug"] = _("3 to 40 small letters, digits and single dashes, and not digits alone.")
        for field, most in (("name", 100), ("entity", 200)):
            if not 1 <= len(getattr(self, field)) <= most:
                found[field] = _("1 to %(n)d characters.") % {"n": most}
            elif not getattr(self, field).isprintable():
                # line ends and signs that turn the writing around would end up in mail headers and lists
                found[field] = _("One line of ordinary characters.")
        if len(self.tagline) > 200:
            found["tagline"] = _("At most %(n)d characters.") % {"n": 200}
        elif not self.tagline.isprintable():
            found["tagline"] = _("One line of ordinary characters.")
        for field in ("guideline", "terms"):
            if len(getattr(self, field)) > 20000:
                found[field] = _("At most %(n)d characters.") % {"n": 20000}
        for field in ("website", "repository", "code_of_conduct"):
            if not is_address(getattr(self, field)):
                found[field] = _("An address that begins with https:// is needed.")
        if self.country and not re.fullmatch(r"[A-Z]{2}", self.country):
            found["country"] = _("Two letters, such as DE.")
        return found


async def faults_of_new(new: NewProject) -> dict[str, str]:
    """What is wrong with a project that registers, by field: that its handle is somebody's already, too."""
    faults = new.faults()
    handles = [new.slug, *(f"{new.slug}-{slug}" for slug, *_rest in DEFAULT_CATEGORIES)]
    if "slug" not in faults and await fetch_value("select 1 from handle where name = any($1)", handles):
        faults["slug"] = _("This name is taken. Choose another.")
    return faults


def faults_of_words(changed: NewProject, expected: tuple[int, int]) -> dict[str, str]:
    """What is wrong with a project's words and range as they are edited, by field."""
    faults = {k: v for k, v in changed.faults().items() if k not in ("slug", "entity", "country", "terms")}
    if not 0 <= expected[0] <= expected[1] <= 365:
        faults["expected_from"] = _("From and to, in workdays, at most 365.")
    return faults


@action
async def create_project(owner: int, new: NewProject) -> int:
    """Register a project with its legal entity, four categories and its owner; returns its id. Raises Invalid."""
    if faults := await faults_of_new(new):
        raise Invalid(faults)
    entity = await fetch_value(
        "insert into legal_entity (name, country) values ($1, $2) returning id", new.entity, new.country
    )
    project: int = await fetch_value(
        "insert into project (slug, name, tagline, website, repository, code_of_conduct, guideline, legal_entity_id)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        new.slug,
        new.name,
        new.tagline,
        new.website,
        new.repository,
        new.code_of_conduct,
        new.guideline,
        entity,
    )
    await execute("insert into handle (name, project_id) values ($1, $2)", new.slug, project)
    for position, (slug, name, visibility, readers) in enumerate(DEFAULT_CATEGORIES):
        category = await fetch_value(
            "insert into category (project_id, slug, name, kind, visibility, readers, position)"
            " values ($1, $2, $3, $2, $4, $5, $6) returning id",
            project,
            slug,
            name,
            visibility,
            readers,
            position,
        )
        await execute("insert into handle (name, category_id) values ($1, $2)", f"{new.slug}-{slug}", category)
    if new.terms:
        await execute("insert into terms (project_id, body) values ($1, $2)", project, new.terms)
    await execute(
        "insert into project_member (project_id, person_id, role, added_by) values ($1, $2, 'owner', $2)",
        project,
        owner,
    )
    await audit.record("project_created", actor=owner, subject=("project", project))
    return project


@action
async def set_role(reader: Reader, project: int, username: str, role: str) -> None:
    """Give a person a role in the team, or take it away (`role` "").

    Raises Forbidden (only owners, never above their own role, never the last owner), NotFound, Invalid.
    """
    require(reader, "edit_team", project)
    if role and role not in TEAM:
        raise Invalid({"role": _("Choose one of these.")})
    if role and not at_most(reader.role_in(project), role):
        raise Forbidden
    person = await fetch_value(
        "select id from person where lower(username) = lower($1) and kind = 'local' and disabled_at is null", username
    )
    if person is None:
        raise Invalid({"username": _("Nobody here has this name.")})
    # the project's row orders changes of its team, so that two owners cannot remove each other at once
    await execute("select 1 from project where id = $1 for update", project)
    before = await fetch_value(
        "select role from project_member where project_id = $1 and person_id = $2", project, person
    )
    owners = await fetch_value("select count(*) from project_member where project_id = $1 and role = 'owner'", project)
    if before == "owner" and role != "owner" and owners == 1:
        raise Invalid({"role": _("A project keeps at least one owner. Name another one first.")})
    if role:
        await execute(
            "insert into project_member (project_id, person_id, role, added_by) values ($1, $2, $3, $4)"
            " on conflict (project_id, person_id) do update set role = $3",
            project,
            person,
            role,
            reader.person,
        )
    else:
        await execute("delete from project_member where project_id = $1 and person_id = $2", project, person)
        await publish(TeamLeft(project, person))
    await audit.record("role_set", actor=reader.person, subject=("project", project), person=person, role=role)


@action
async def edit_project(
    reader: Reader, project: int, changed: NewProject, expected: tuple[int, int], *, seeking: bool | None = None
) -> None:
    """Change a project's words, its configured range of workdays, and whether it seeks maintainers (None: as it is).

    The handle, the legal entity and the terms stay as they are. Raises Forbidden, Invalid.
    """
    require(reader, "edit_project", project)
    if faults := faults_of_words(changed, expected):
        raise Invalid(faults)
    await execute(
        "update project set name = $2, tagline = $3, website = $4, repository = $5, code_of_conduct = $6,"
        " guideline = $7, expected_from = $8, expected_to = $9, seeks_maintainers = coalesce($10, seeks_maintainers),"
        " version = version + 1 where id = $1",
        project,
        changed.name,
        changed.tagline,
        changed.website,
        changed.repository,
        changed.code_of_conduct,
        changed.guideline,
        *expected,
        seeking,
    )
    await audit.record("project_edited", actor=reader.person, subject=("project", project))


async def accept_terms(person: int, terms: Sequence[int]) -> None:
    """Record that a person accepted these versions of terms."""
    await execute(
        "insert into terms_acceptance (person_id, terms_id) select $1, unnest($2::bigint[]) on conflict do nothing",
        person,
        list(terms),
    )


async def tag_ids(names: Sequence[str]) -> dict[str, int]:
    """The ids of tags by name, made where they are new. Names are folded as `tag_name` does."""
    if not names:
        return {}
    rows = await fetch(
        "with wanted as (select distinct unnest($1::text[]) as name),"
        " made as (insert into tag (name) select name from wanted on conflict (name) do nothing returning id, name)"
        " select id, name from made union select t.id, t.name from tag t join wanted using (name)",
        list(names),
    )
    return {row["name"]: row["id"] for row in rows}


def tag_name(text: str) -> str:
    """A tag as it is kept: small letters, dashes for what is neither letter, digit nor one of `.+_:`; "" for none."""
    folded = re.sub(r"[^\w.+:#-]+", "-", text.lower().strip()).strip("-.")[:60]
    return folded if folded and not folded.isdigit() else (f"n{folded}" if folded else "")


async def require_project(slug: str) -> int:
    """The id of a project. Raises NotFound."""
    project = await fetch_value("select id from project where slug = $1", slug.lower())
    if project is None:
        raise NotFound
    return int(project)
