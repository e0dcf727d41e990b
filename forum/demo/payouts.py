"""The demo's money out: the pool of a project that sold something, divided once in the past."""

from datetime import datetime, timedelta

from forum.database.engine import execute, fetch, fetch_value
from forum.notifications import hearing
from forum.notifications.actions import MAIL_JOB
from forum.web.reader import Reader
from payouts.runs.actions import approve_run, book_run, draft_run, mark_paid, set_policy
from payouts.runs.rules import Fixed, Policy
from payouts.thanks.actions import JOB

# So long after the last payment the owner sits down to it, where there is as much time.
LATER = timedelta(hours=6)
KEPT = 2000
LEAD = "Lead supporter"
# Of each pool so much of a hundred, before anything else.
LEAD_SHARE = 20


# Somebody was thanked when all of it was true: the bump paid, the team's answer or an accepted one there, their own as well.
SET_BACK = """
update bump_thanks x set at = greatest(x.at, least(k.first_response_at, (select min(e.at) from thread_act e
           where e.thread_id = k.thread_id and e.kind = 'accept')), (select min(p.created_at) from post p
           where p.thread_id = k.thread_id and p.author_id = x.person_id and p.number > 1))
  from bump b join ticket k on k.id = b.ticket_id where b.id = x.bump_id and b.project_id = $1
"""


async def set_thanks_back(project: int) -> None:
    """Let the thanks of a project's history have happened in it, and mail and tell nobody about the past."""
    await execute(SET_BACK, project)
    await execute("delete from pgqueuer where entrypoint = any($1)", [JOB, hearing.JOB, MAIL_JOB])
    await execute(
        "update notice set mailed_at = coalesce(mailed_at, created_at), read_at = coalesce(read_at, created_at)"
        " where project_id = $1",
        project,
    )


async def divide_pool(owner: Reader, project: int, now: datetime) -> int | None:
    """Draft, approve and book a run over what the pool holds, between its last payment and `now`, and pay all but the last of
    those it names. Returns the run; None, and nothing is done, where the pool is empty."""
    row = await fetch(
        "select -balance as pool, (select max(last_at) from ledger_account where project_id = $1) as last_at"
        " from ledger_account where project_id = $1 and kind = 'pool' and balance < 0",
        project,
    )
    if not row or row[0]["last_at"] >= now:
        return None
    pool, last = row[0]["pool"], row[0]["last_at"]
    steps = [last + min(LATER, now - last) * n / 4 for n in range(1, 5)]
    lead = await fetch_value(
        "select person_id from project_member where project_id = $1 and role <> 'owner'"
        " order by role = 'supporter' desc, person_id limit 1",
        project,
    )
    fixed = (Fixed(lead, LEAD, max(pool * LEAD_SHARE // 100 // 500 * 500, 500)),) if lead else ()
    await set_policy(owner, project, Policy(KEPT, fixed))
    run = await draft_run(owner, project, at=steps[0])
    await approve_run(owner, run, at=steps[1])
    await book_run(owner, run, at=steps[2])
    lines = await fetch(
        "select id from payout_line where run_id = $1 and person_id is not null and amount > 0 order by position", run
    )
    for n, line in enumerate(lines[:-1], start=1):
        await mark_paid(owner, line["id"], how="transfer", reference=f"SEPA {steps[3]:%Y-%m}/{n}", at=steps[3])
    return run
