"""What owners do with a pool: set the policy, draft a run, approve it, book it, mark what was paid out.

Everybody locks in one order: project, run, ledger. Each act is one audit row; done twice it is done once.
"""

from datetime import datetime

from forum import audit
from forum.database.engine import Row, action, execute, fetch_one, fetch_value
from forum.projects.roles import require
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader
from payouts.ledger.actions import Overdrawn, post_transaction
from payouts.ledger.rules import Entry
from payouts.runs.queries import line_in, lines_of, policy_of, sharers_of
from payouts.runs.rules import REFERENCE_MOST, WAYS, Line, Policy, divide
from payouts.runs.states import Event, State, after


def require_owner(reader: Reader, project: int) -> None:
    """Raises NotFound for whoever is not of the project's team, Forbidden for who is and may not pay out."""
    if not reader.is_team(project):
        raise NotFound
    require(reader, "pay_out", project)


async def locked_project(reader: Reader, project: int) -> Row:
    """A project whose pool the reader may divide, locked against other drafts. Raises NotFound, Forbidden."""
    require_owner(reader, project)
    row = await fetch_one("select id, legal_entity_id, currency from project where id = $1 for no key update", project)
    if row is None:
        raise NotFound
    return row


async def locked_run(reader: Reader, run: int) -> Row:
    """A run that the reader may decide about, locked. Raises NotFound, Forbidden."""
    row = await fetch_one("select * from payout_run where id = $1 for update", run)
    if row is None:
        raise NotFound
    require_owner(reader, row["project_id"])
    return row


async def held(entity: int, project: int, currency: str) -> int:
    """What a pool holds now; it stays so until the transaction ends."""
    pool: int = await fetch_value("select ledger_pool($1, $2, $3)", entity, project, currency)
    return pool


@action
async def set_policy(reader: Reader, project: int, policy: Policy) -> None:
    """Say how pools are divided from now on; a run that is drafted already stays as it was. Raises NotFound, Forbidden."""
    await locked_project(reader, project)
    if await policy_of(project) == policy:
        return
    await execute(
        "insert into payout_policy (project_id, kept, changed_by) values ($1, $2, $3) on conflict (project_id)"
        " do update set kept = $2, changed_by = $3, changed_at = now()",
        project,
        policy.kept,
        reader.person,
    )
    await execute("delete from payout_fixed where project_id = $1", project)
    await execute(
        "insert into payout_fixed (project_id, position, person_id, label, amount)"
        " select $1, n, person, label, amount from unnest($2::bigint[], $3::text[], $4::bigint[])"
        " with ordinality x(person, label, amount, n)",
        project,
        [fixed.person for fixed in policy.fixed],
        [fixed.label for fixed in policy.fixed],
        [fixed.amount for fixed in policy.fixed],
    )
    await audit.record(
        "payout-policy",
        actor=reader.person,
        subject=("project", project),
        kept=policy.kept,
        fixed=[[fixed.person, fixed.amount] for fixed in policy.fixed],
    )


@action
async def draft_run(reader: Reader, project: int, *, at: datetime | None = None) -> int:
    """Draft a run over all that the pool holds; returns its id.

    A draft that was there is replaced, unless it would be the same again. `at` is for histories made today. Raises
    NotFound, Forbidden, Conflict (an approved run waits, or the pool is empty).
    """
    where = await locked_project(reader, project)
    before = await fetch_one(
        "select * from payout_run where project_id = $1 and state in ('draft', 'approved') for update", project
    )
    if before is not None and before["state"] == State.APPROVED:
        raise Conflict(_("A run is approved already. Book it or cancel it before you draft another one."))
    pool = await held(where["legal_entity_id"], project, where["currency"])
    if pool <= 0:
        raise Conflict(_("The pool is empty: there is nothing to divide yet."))
    policy = await policy_of(project)
    covered = await sharers_of(project, where["currency"])
    lines = divide(pool, policy, covered.sharers)
    if before is not None:
        kept = [line_in(row) for row in (await lines_of([before["id"]]))[before["id"]]]
        if (before["pool"], before["kept"], kept) == (pool, policy.kept, lines):
            return int(before["id"])
        await end(before, reader.person, at)
    run: int = await fetch_value(
        "insert into payout_run (project_id, entity_id, currency, pool, kept, drafted_by, drafted_at)"
        " values ($1, $2, $3, $4, $5, $6, coalesce($7, now())) returning id",
        project,
        where["legal_entity_id"],
        where["currency"],
        pool,
        policy.kept,
        reader.person,
        at,
    )
    await write_lines(run, lines)
    await execute(
        "insert into payout_run_thanks (bump_id, person_id, run_id) select *, $3 from unnest($1::bigint[], $2::bigint[])",
        [bump for bump, _person in covered.thanks],
        [person for _bump, person in covered.thanks],
        run,
    )
    await audit.record(
        "payout-drafted",
        actor=reader.person,
        subject=("payout_run", run),
        pool=pool,
        **({"replaces": before["id"]} if before is not None else {}),
    )
    return run


async def write_lines(run: int, lines: list[Line]) -> None:
    await execute(
        "insert into payout_line (run_id, position, kind, person_id, amount, label, wanted, bumps, made)"
        " select $1, n, kind, person, amount, label, wanted, bumps, made from unnest($2::text[], $3::bigint[],"
        " $4::bigint[], $5::text[], $6::bigint[], $7::integer[], $8::bigint[])"
        " with ordinality x(kind, person, amount, label, wanted, bumps, made, n)",
        run,
        [line.kind for line in lines],
        [line.person for line in lines],
        [line.amount for line in lines],
        [line.label for line in lines],
        [line.wanted for line in lines],
        [line.bumps for line in lines],
        [line.made for line in lines],
    )


@action
async def approve_run(reader: Reader, run: int, *, at: datetime | None = None) -> None:
    """Let a draft be booked as it stands. Raises NotFound, Forbidden, Conflict (it was cancelled, or the pool has changed
    since)."""
    row = await locked_run(reader, run)
    if row["state"] in (State.APPROVED, State.BOOKED):
        return
    to = after(State(row["state"]), Event.APPROVED)
    if to is None:
        raise Conflict(_("This run was cancelled. Draft another one."))
    if await held(row["entity_id"], row["project_id"], row["currency"]) != row["pool"]:
        raise Conflict(_("The pool has changed since this was drafted, so nothing was approved. Draft it again."))
    await execute(
        "update payout_run set state = $2, approved_by = $3, approved_at = coalesce($4, now()) where id = $1",
        run,
        str(to),
        reader.person,
        at,
    )
    await audit.record("payout-approved", actor=reader.person, subject=("payout_run", run))


@action
async def cancel_run(reader: Reader, run: int) -> None:
    """Give up a run that is not booked; the next divides for all that it would have. Raises NotFound, Forbidden,
    Conflict (it is booked)."""
    row = await locked_run(reader, run)
    if row["state"] == State.CANCELLED:
        return
    await end(row, reader.person, None)
    await audit.record("payout-cancelled", actor=reader.person, subject=("payout_run", run))


async def end(run: Row, person: int, at: datetime | None) -> None:
    """Cancel a locked run. Raises Conflict."""
    to = after(State(run["state"]), Event.CANCELLED)
    if to is None:
        raise Conflict(_("This run is booked: what was given cannot be taken back here."))
    await execute(
        "update payout_run set state = $2, cancelled_by = $3, cancelled_at = coalesce($4, now()) where id = $1",
        run["id"],
        str(to),
        person,
        at,
    )
    await execute("delete from payout_run_thanks where run_id = $1", run["id"])


@action
async def book_run(reader: Reader, run: int, *, at: datetime | None = None) -> bool:
    """Book an approved run: the pool becomes what is owed to each person, and what the project keeps, in one transaction
    of the ledger. Returns whether it was this time.

    Raises NotFound, Forbidden, Conflict (not approved), Overdrawn (the pool holds less by now, after a refund).
    """
    row = await locked_run(reader, run)
    if row["state"] == State.BOOKED:
        return False
    to = after(State(row["state"]), Event.BOOKED)
    if to is None:
        raise Conflict(_("Only an approved run can be booked."))
    lines = (await lines_of([run]))[run]
    entity = row["entity_id"]
    try:
        await post_transaction(
            f"run:{run}",
            project=row["project_id"],
            cause=("payout_run", run),
            currency=row["currency"],
            entries=[
                Entry(entity, "pool", row["pool"]),
                *(
                    Entry(entity, "payable" if line["person_id"] else "kept", -line["amount"], line["person_id"])
                    for line in lines
                ),
            ],
            actor=reader.person,
            at=at,
        )
    except Overdrawn:
        raise Overdrawn(
            _("The pool holds less than this run gives, so nothing was booked. Cancel it and draft another one.")
        ) from None
    await execute(
        "update payout_run set state = $2, booked_by = $3, booked_at = coalesce($4, now()) where id = $1",
        run,
        str(to),
        reader.person,
        at,
    )
    await audit.record("payout-booked", actor=reader.person, subject=("payout_run", run), pool=row["pool"])
    return True


@action
async def mark_paid(reader: Reader, line: int, *, how: str, reference: str = "", at: datetime | None = None) -> bool:
    """The person of a line has their money, in one of the WAYS; `reference`: what finds it in the bank's papers. Returns
    whether it was this time.

    Raises Invalid, NotFound, Forbidden, Conflict (its run is not booked, or there is nothing to pay), Overdrawn.
    """
    found = await fetch_value("select run_id from payout_line where id = $1", line)
    run = await locked_run(reader, found or 0)
    row = await fetch_one("select * from payout_line where id = $1 for update", line)
    assert row is not None
    if row["paid_at"] is not None:
        return False
    faults = {}
    if how not in WAYS:
        faults["how"] = _("Choose one of these.")
    if len(reference) > REFERENCE_MOST:
        faults["reference"] = _("At most %(limit)d characters; these are %(n)d.") % {
            "limit": REFERENCE_MOST,
            "n": len(reference),
        }
    if faults:
        raise Invalid(faults)
    if run["state"] != State.BOOKED or row["person_id"] is None or row["amount"] == 0:
        raise Conflict(_("There is nothing to pay out here: only what a booked run gives a person is."))
    await post_transaction(
        f"payout:{line}",
        project=run["project_id"],
        cause=("payout", line),
        currency=run["currency"],
        entries=[
            Entry(run["entity_id"], "payable", row["amount"], row["person_id"]),
            Entry(run["entity_id"], "cash", -row["amount"]),
        ],
        actor=reader.person,
        at=at,
    )
    await execute(
        "update payout_line set paid_at = coalesce($5, now()), paid_by = $2, how = $3, reference = $4 where id = $1",
        line,
        reader.person,
        how,
        reference,
        at,
    )
    await audit.record("payout-paid", actor=reader.person, subject=("payout_line", line), how=how)
    return True
