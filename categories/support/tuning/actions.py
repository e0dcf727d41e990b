"""What an owner decides about the queue: its figures, written down with who did it, and the waits counted anew."""

from dataclasses import asdict, fields

from categories.support.head_start import HEAD_START
from categories.support.policy import Policy, policy_of
from categories.support.tuning.queries import LAST_OF_OTHERS
from forum import audit
from forum.database.engine import action, execute, fetch_one
from forum.events import hint
from forum.jobs import enqueue
from forum.projects.roles import require
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

DEED = "sell"
BOUNDS = {
    "share": (0, 100),
    "claim_workdays": (1, 30),
    "claims_most": (1, 100),
    "silence_days": (7, 365),
    "silence_warning_days": (1, 6),
    "expected_least": (0, 30),
    "head_start": (0, 20),
    "guarantee_paid": (1, 60),
    "guarantee_unpaid": (1, 60),
}
# Tickets whose wait is counted or will go on being counted.
COUNTED = "project_id = $1 and waiting_since is not null and state in ('waiting', 'needs_facts', 'suspended', 'merged')"
FROM_LAST_WORD = f"""
update ticket k set waits_from = k.waiting_since, waiting_since = greatest({LAST_OF_OTHERS} - {HEAD_START}, k.waiting_since)
 where {COUNTED}
"""
FROM_SUBMISSION = f"update ticket set waiting_since = coalesce(waits_from, waiting_since) where {COUNTED}"


def faults_in(policy: Policy, share: int) -> dict[str, str]:
    """What is wrong with figures that somebody typed, by field."""
    typed = asdict(policy) | {"share": share}
    faults = {}
    for name, (least, most) in BOUNDS.items():
        if typed[name] is not None and not least <= typed[name] <= most:
            faults[name] = _("A whole number from %(least)d to %(most)d is needed.") % {"least": least, "most": most}
    return faults


@action
async def save_policy(reader: Reader, project: int, policy: Policy, share: int) -> None:
    """Change a project's figures. Promises and warnings that were made stay as they were made.

    Raises Forbidden, NotFound, Invalid by field.
    """
    require(reader, DEED, project)
    if faults := faults_in(policy, share):
        raise Invalid(faults)
    stood = await fetch_one(
        "select coalesce((select share from queue q where q.project_id = p.id), 20)"
        "::smallint as share from project p where p.id = $1 for no key update",
        project,
    )
    if stood is None:
        raise NotFound
    before = asdict(await policy_of(project)) | dict(stood)
    after = asdict(policy) | {"share": share}
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    if not changed:
        return
    names = [each.name for each in fields(Policy)]
    places = ", ".join(f"${n}" for n in range(2, len(names) + 2))
    await execute(
        f"insert into support_policy (project_id, {', '.join(names)}) values ($1, {places})"
        f" on conflict (project_id) do update set ({', '.join(names)}) = row({places})",
        project,
        *(getattr(policy, name) for name in names),
    )
    # everybody locks tickets before the queue
    if "waits_since" in changed:
        await execute(FROM_LAST_WORD if policy.waits_since == "last_word" else FROM_SUBMISSION, project)
    await execute("select queue_lock($1)", project)
    await execute("update queue set share = $2 where project_id = $1", project, share)
    await execute("update project set version = version + 1 where id = $1", project)
    if "waits_since" in changed:
        await execute("select queue_rebuild($1)", project)
    await enqueue("measure_expected", once=f"measure_expected:{project}", project=project)
    await audit.record(
        "queue_policy_edited",
        actor=reader.person,
        subject=("project", project),
        **changed,
    )
    hint("queue", project)
