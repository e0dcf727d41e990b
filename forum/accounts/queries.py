"""What the pages of people ask the database."""

from forum.database.engine import Row, fetch, fetch_one, fetch_value
from forum.web.reader import Reader


async def site_terms() -> Row:
    """The terms of the site in force: version, body (Markdown), created_at. The migrations bring the first."""
    row = await fetch_one(
        "select * from terms where project_id is null and kind = 'terms' order by version desc limit 1"
    )
    if row is None:
        raise RuntimeError("the site has no terms")
    return row


async def accepted_terms(person: int) -> list[Row]:
    """Which versions of terms and codes of conduct somebody accepted, latest first: (slug and project, null for the
    site's; kind, version, at, is_current)."""
    return await fetch(
        "select j.slug, j.name as project, t.kind, t.version, a.at, not exists (select 1 from terms n where"
        " n.project_id is not distinct from t.project_id and n.kind = t.kind and n.version > t.version) as is_current"
        " from terms_acceptance a join terms t on t.id = a.terms_id left join project j on j.id = t.project_id"
        " where a.person_id = $1 order by a.at desc, t.id desc limit 200",
        person,
    )


async def email_of(reader: Reader) -> str:
    """The address of whoever is signed in; shown to themselves alone."""
    return str(await fetch_value("select email from person where id = $1", reader.person) or "")
