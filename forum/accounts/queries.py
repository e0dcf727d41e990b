"""What the pages of people ask the database."""

from forum.database.engine import Row, fetch_one, fetch_value
from forum.web.reader import Reader


async def site_terms() -> Row:
    """The terms of the site in force: version, body (Markdown), created_at. The migrations bring the first."""
    row = await fetch_one("select * from terms where project_id is null order by version desc limit 1")
    if row is None:
        raise RuntimeError("the site has no terms")
    return row


async def email_of(reader: Reader) -> str:
    """The address of whoever is signed in; shown to themselves alone."""
    return str(await fetch_value("select email from person where id = $1", reader.person) or "")
