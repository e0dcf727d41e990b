"""What an owner decides about selling: prices, tax, where money goes, and how the entity stands on invoices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from forum import audit
from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.projects.roles import require
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader
from payouts.plans.queries import plans_of, selling_of
from payouts.plans.rules import BOOKS, CURRENCIES, DISCOUNT_MOST, KINDS, MOST, TAX_MOST


@dataclass(frozen=True)
class Selling:
    """How a project sells: minimums by plan in minor units of `currency`; `tax_rate` in hundredths of a percent; `discount_rate`,
    for verified open-source projects, in percent."""

    minimums: Mapping[str, int]
    currency: str
    tax_rate: int
    payment_details: str
    is_open: bool
    book: str
    discount_rate: int = 0

    def faults(self) -> dict[str, str]:
        found = {}
        for kind in KINDS:
            if not 0 < self.minimums[kind] <= MOST:
                found[kind] = _("An amount above nothing is needed.")
        if self.currency not in CURRENCIES:
            found["currency"] = _("Choose one of these.")
        if not 0 <= self.tax_rate <= TAX_MOST:
            found["tax_rate"] = _("A percentage from 0 to 50 is needed, such as 19 or 7.7.")
        if not 0 <= self.discount_rate <= DISCOUNT_MOST:
            found["discount_rate"] = _("A whole number from 0 to %(most)d is needed.") % {"most": DISCOUNT_MOST}
        if len(self.payment_details) > 2000:
            found["payment_details"] = _("At most %(n)d characters.") % {"n": 2000}
        if self.book not in BOOKS:
            found["book"] = _("Choose one of these.")
        return found


@dataclass(frozen=True)
class Entity:
    """A legal entity as it stands on invoices: `country` two letters or ""."""

    name: str
    address: str
    country: str
    tax_number: str

    def faults(self) -> dict[str, str]:
        found = {}
        if not 1 <= len(self.name) <= 200 or not self.name.isprintable():
            found["entity"] = _("One line of ordinary characters.")
        if len(self.address) > 1000:
            found["address"] = _("At most %(n)d characters.") % {"n": 1000}
        if self.country and not re.fullmatch(r"[A-Z]{2}", self.country):
            found["country"] = _("Two letters, such as DE.")
        if len(self.tax_number) > 50 or not self.tax_number.isprintable():
            found["tax_number"] = _("At most %(n)d characters.") % {"n": 50}
        return found


async def faults_of_selling(project: int, wanted: Selling, entity: Entity) -> dict[str, str]:
    """What is wrong with what an owner wants, by field, also as things stand here."""
    before, faults = await selling_of(project), wanted.faults() | entity.faults()
    # a bump that was taken back counts: its money may come yet, and is booked then
    if wanted.currency != before["currency"] and await fetch_value(
        "select exists (select 1 from bump where project_id = $1)", project
    ):
        faults["currency"] = _("The currency stays %(currency)s: bumps were ordered in it.") % {
            "currency": before["currency"]
        }
    elif wanted.currency != before["currency"] and await fetch_value(
        "select exists (select 1 from payout_fixed where project_id = $1)", project
    ):
        faults["currency"] = _("The payout policy has fixed lines in %(currency)s. Take them out first.") % {
            "currency": before["currency"]
        }
    return faults


@action
async def edit_selling(reader: Reader, project: int, wanted: Selling, entity: Entity) -> None:
    """Change how a project sells and how its entity stands on invoices; what was issued and ordered stays as it was.

    One audit row says what changed, in figures and not in texts. Raises Forbidden, Invalid by field, NotFound.
    """
    require(reader, "sell", project)
    # whoever orders a bump holds this row too: a price or a currency never changes under an order
    await execute("select 1 from selling where project_id = $1 for update", project)
    before = await selling_of(project)
    if faults := await faults_of_selling(project, wanted, entity):
        raise Invalid(faults)
    changed = await save_selling(project, before, wanted) | await save_entity(reader, before, entity)
    if changed:
        await audit.record("selling_edited", actor=reader.person, subject=("project", project), **changed)


async def save_selling(project: int, before: Row, wanted: Selling) -> dict[str, object]:
    """Write what is sold; returns what is other than before, as the audit keeps it."""
    is_row = {row["kind"]: row for row in await plans_of(project)}
    changed: dict[str, object] = {}
    for name in ("currency", "tax_rate", "is_open", "book", "discount_rate"):
        if getattr(wanted, name) != before[name]:
            changed[name] = [before[name], getattr(wanted, name)]
    if wanted.payment_details != before["payment_details"]:
        changed["payment_details"] = True
    for kind in KINDS:
        if wanted.minimums[kind] != is_row[kind]["minimum"]:
            changed[kind] = [is_row[kind]["minimum"], wanted.minimums[kind]]
            await execute(
                "update plan set minimum = $3 where project_id = $1 and kind = $2",
                project,
                kind,
                wanted.minimums[kind],
            )
    await execute(
        "update plan set is_open = $2 where project_id = $1 and kind = 'pay_as_you_go'", project, wanted.is_open
    )
    await execute(
        "update selling set tax_rate = $2, payment_details = $3, book = $4, discount_rate = $5 where project_id = $1",
        project,
        wanted.tax_rate,
        wanted.payment_details,
        wanted.book,
        wanted.discount_rate,
    )
    if "currency" in changed:
        await execute("update project set currency = $2, version = version + 1 where id = $1", project, wanted.currency)
    return changed


async def save_entity(reader: Reader, before: Row, wanted: Entity) -> dict[str, object]:
    """Write how the entity stands on invoices from now on. Raises Forbidden where it has a project of other owners."""
    names = ("name", "address", "country", "tax_number")
    changed = {f"entity_{name}": True for name in names if getattr(wanted, name) != before[f"entity_{name}"]}
    if not changed:
        return {}
    row = await fetch_one(
        "select array_agg(id) as projects from project where legal_entity_id = $1", before["entity_id"]
    )
    for project in row["projects"] if row else ():
        require(reader, "sell", project)
    await execute(
        "update legal_entity set name = $2, address = $3, country = $4, tax_number = $5 where id = $1",
        before["entity_id"],
        wanted.name,
        wanted.address,
        wanted.country,
        wanted.tax_number,
    )
    # the project's home names it, and is kept by this version
    await execute("update project set version = version + 1 where legal_entity_id = $1", before["entity_id"])
    return dict(changed)
