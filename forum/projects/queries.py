"""Reading projects, categories, teams and terms: one function a question."""

from forum.database.engine import Row, fetch, fetch_one
from forum.web.errors import NotFound

PROJECT = """
select p.id, p.slug, p.name, p.tagline, p.website, p.repository, p.code_of_conduct, p.guideline, p.legal_entity_id,
       p.currency, p.seeks_maintainers, p.expected_from, p.expected_to, p.version, p.created_at,
       p.is_proven, p.is_verified,
       e.name as entity_name, e.country as entity_country, coalesce(q.paid + q.unpaid, 0) as waiting,
       coalesce(q.unpaid_from, p.expected_from) as answer_from, coalesce(q.unpaid_to, p.expected_to) as answer_to
  from project p join legal_entity e on e.id = p.legal_entity_id left join queue q on q.project_id = p.id
"""


def folded(slug: str) -> str:
    """A slug out of an address as it is kept. Raises NotFound for what none can be: PostgreSQL refuses a NUL."""
    if not slug.isascii() or not slug.isprintable():
        raise NotFound
    return slug.lower()


async def project_by_slug(slug: str) -> Row:
    """A project with its legal entity's name, the number of tickets waiting, and the range of workdays in which who does
    not pay is answered (`answer_from`, `answer_to`: as measured, else as configured). Raises NotFound."""
    row = await fetch_one(PROJECT + " where p.slug = $1", folded(slug))
    if row is None:
        raise NotFound
    return row


async def all_projects(*, seeking: bool = False, limit: int = 200) -> list[Row]:
    """Projects by name: (id, slug, name, tagline, answer_from, answer_to, seeks_maintainers, is_verified, waiting, team).
    `waiting`
    counts the tickets in the queue; the range is that of `project_by_slug`."""
    return await fetch(
        "select p.id, p.slug, p.name, p.tagline, p.seeks_maintainers, p.is_verified, coalesce(q.unpaid_from, p.expected_from) as"
        " answer_from, coalesce(q.unpaid_to, p.expected_to) as answer_to,"
        " coalesce(q.paid + q.unpaid, 0) as waiting,"
        " (select count(*) from project_member m where m.project_id = p.id) as team"
        " from project p left join queue q on q.project_id = p.id"
        " where not $1 or p.seeks_maintainers order by lower(p.name) limit $2",
        seeking,
        limit,
    )


async def categories_of(project: int) -> list[Row]:
    """A project's categories in their order; which of them a reader hears of is `may_see_category`'s to say."""
    return await fetch("select * from category where project_id = $1 order by position, id", project)


async def category_by_slug(project_slug: str, slug: str) -> Row:
    """A category with its project. Raises NotFound."""
    row = await fetch_one(
        "select c.*, p.slug as project_slug, p.name as project_name from category c"
        " join project p on p.id = c.project_id where p.slug = $1 and c.slug = $2",
        folded(project_slug),
        folded(slug),
    )
    if row is None:
        raise NotFound
    return row


async def team_of(project: int) -> list[Row]:
    """The team: (person_id, username, name, role, since), owners first."""
    return await fetch(
        "select m.person_id, p.username, p.name, m.role, m.since from project_member m"
        " join person p on p.id = m.person_id where m.project_id = $1"
        " order by array_position(array['owner','maintainer','triager','supporter'], m.role), m.since, p.id",
        project,
    )


async def unaccepted_terms(person: int, project: int) -> list[Row]:
    """The terms and codes of conduct in force, of the site and of the project, that this person has not accepted: (id,
    project_id, kind, version, body, and `before`: the version accepted last, null for none). An empty body asks nothing."""
    return await fetch(
        "select t.id, t.project_id, t.kind, t.version, t.body, (select max(o.version) from terms o"
        "   join terms_acceptance b on b.terms_id = o.id and b.person_id = $1"
        "   where o.project_id is not distinct from t.project_id and o.kind = t.kind) as before from terms t"
        " where (t.project_id is null or t.project_id = $2) and t.body <> ''"
        "   and t.version = (select max(n.version) from terms n"
        "     where n.project_id is not distinct from t.project_id and n.kind = t.kind)"
        "   and not exists (select 1 from terms_acceptance a where a.terms_id = t.id and a.person_id = $1)"
        " order by t.project_id nulls first, t.kind desc",
        person,
        project,
    )


async def versions_of_terms(project: int | None, kind: str) -> list[Row]:
    """Every version of a project's terms or code of conduct (None: the site's), the one in force first: (id, version,
    body, created_at, name of who published it or null)."""
    return await fetch(
        "select t.id, t.version, t.body, t.created_at, coalesce(nullif(p.name, ''), p.username) as name"
        " from terms t left join person p on p.id = t.author_id"
        " where t.project_id is not distinct from $1 and t.kind = $2 order by t.version desc",
        project,
        kind,
    )
