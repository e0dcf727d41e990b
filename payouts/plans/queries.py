"""Reading what a project sells."""

from forum.database.engine import Row, fetch, fetch_one
from forum.web.errors import NotFound


async def selling_of(project: int, *, locked: bool = False) -> Row:
    """How a project sells: (tax_rate, payment_details, book, discount_rate, minimum, is_open of pay-as-you-go, currency, slug, name,
    entity_id, entity_name, entity_address, entity_country, entity_tax_number). One statement; `locked` keeps it so
    until the transaction's end. Raises NotFound."""
    row = await fetch_one(
        "select s.tax_rate, s.payment_details, s.book, s.discount_rate, n.minimum, n.is_open, p.currency, p.id as project_id, p.slug,"
        " p.name, e.id as entity_id, e.name as entity_name, e.address as entity_address, e.country as entity_country,"
        " e.tax_number as entity_tax_number"
        " from project p join selling s on s.project_id = p.id join legal_entity e on e.id = p.legal_entity_id"
        " join plan n on n.project_id = p.id and n.kind = 'pay_as_you_go' where p.id = $1"
        + (" for share of s" if locked else ""),
        project,
    )
    if row is None:
        raise NotFound
    return row


async def plans_of(project: int) -> list[Row]:
    """The three plans of a project, as they are shown: (kind, minimum, is_open)."""
    return await fetch(
        "select kind, minimum, is_open from plan where project_id = $1"
        " order by array_position(array['pay_as_you_go', 'standard', 'enterprise'], kind)",
        project,
    )
