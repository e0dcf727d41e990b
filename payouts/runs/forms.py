"""The form of a project's policy: what was typed, and the policy in it."""

from dataclasses import dataclass
from typing import Any

from forum.web.i18n import _
from forum.web.money import minor_units, money, plain
from forum.web.requests import Form
from payouts.plans.rules import MOST
from payouts.runs.queries import names_of, payees_named
from payouts.runs.rules import FIXED_MOST, LABEL_MOST, Fixed, Policy, hundredths, percent

# Empty rows below the fixed lines there are.
SPARE = 2
PARTS = ("person", "label", "amount")


@dataclass
class Typed:
    """What stands in the fields: `kept`, and rows of person, label, amount."""

    kept: str
    rows: list[dict[str, str]]

    def as_shown(self) -> dict[str, Any]:
        """With the empty rows that a form ends with."""
        spare = min(SPARE, FIXED_MOST - len(self.rows))
        return {"kept": self.kept, "rows": self.rows + [dict.fromkeys(PARTS, "")] * spare}


async def typed_of(policy: Policy, currency: str) -> Typed:
    """A policy as it stands in the fields."""
    people = await names_of([fixed.person for fixed in policy.fixed])
    return Typed(
        percent(policy.kept),
        [
            {
                "person": people[fixed.person]["username"],
                "label": fixed.label,
                "amount": plain(fixed.amount, currency),
            }
            for fixed in policy.fixed
        ],
    )


async def read_policy(form: Form, currency: str) -> tuple[Typed, Policy]:
    """The policy that was typed, and what was typed as it was; rows without any word are left out.

    Notes the faults in the form: the policy holds where there are none.
    """
    rows = [{part: form.get(f"{part}-{n}", "").strip() for part in PARTS} for n in range(1, FIXED_MOST + 1)]
    rows = [row for row in rows if any(row.values())]
    typed = Typed(form.get("kept", "").strip(), rows)
    kept = hundredths(typed.kept or "0")
    if kept is None:
        form.fail("kept", _("From 0 to 100, with at most two decimals."))
    known = await payees_named([row["person"].removeprefix("@") for row in rows])
    fixed = []
    for n, row in enumerate(rows, start=1):
        person = known.get(row["person"].removeprefix("@").lower())
        amount = minor_units(row["amount"], currency)
        if person is None:
            form.fail(f"person-{n}", _("Nobody has this username."))
        if not 1 <= len(row["label"]) <= LABEL_MOST:
            form.fail(f"label-{n}", _("Say what it is for, in at most %(most)d characters.") % {"most": LABEL_MOST})
        if amount is None or not 0 < amount <= MOST:
            form.fail(f"amount-{n}", _("An amount up to %(most)s.") % {"most": money(MOST, currency)})
        fixed.append(Fixed(person or 0, row["label"], amount or 0))
    return typed, Policy(kept or 0, tuple(fixed))
