"""What happens to proofs: begun, shown, checked again, lapsed; and for which proven project somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from categories.proofs.checks import Words
from categories.proofs.queries import PROOF, VERIFIED, is_for_verified, may_prove
from categories.proofs.rules import AGAIN, Event, Found, State, after, next_check
from categories.support.actions import is_requester, ticket_for
from categories.support.events import TicketSubmitted
from categories.support.head_start import give_head_start
from forum import audit
from forum.accounts.control import Control
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.notifications.actions import tell
from forum.notifications.kinds import Kind, Said
from forum.projects.actions import is_address
from forum.threads.writing import require_writer
from forum.web.errors import Conflict, Invalid, NotFound
from forum.web.i18n import _
from forum.web.reader import Reader

LAPSED, FAILING, WORDLESS = "proof_lapsed", "proof_failing", "proof_wordless"
# How many projects that only ask one person may name.
MOST_OWN = 20
# Longest text of each field of a project that only asks.
WORDS = {"name": 100, "repository": 300, "website": 300, "code_of_conduct": 300, "guideline": 300}


def lapsed_sentence(said: Said) -> str:
    text = _("%(name)s does not count as proven any more: %(address)s could not be confirmed. You can prove it again.")
    return text % {"name": said["name"], "address": said["address"]}


def failing_sentence(said: Said) -> str:
    text = _(
        "That you control %(name)s could not be confirmed at %(address)s. It is looked at twice more, a week apart."
    )
    return text % {"name": said["name"], "address": said["address"]}


def wordless_sentence(said: Said) -> str:
    text = _(
        "%(name)s is not called verified any more: nothing was found at %(address)s. It is looked at again in a week."
    )
    return text % {"name": said["name"], "address": said["address"]}


KINDS = (
    Kind(LAPSED, lapsed_sentence, at_once=True),
    Kind(FAILING, failing_sentence),
    Kind(WORDLESS, wordless_sentence, at_once=True),
)


@dataclass(frozen=True)
class Asker:
    """What an open-source project that only asks says of itself."""

    name: str
    repository: str = ""
    website: str = ""
    code_of_conduct: str = ""
    guideline: str = ""

    def faults(self) -> dict[str, str]:
        found = {}
        if not 1 <= len(self.name) <= WORDS["name"]:
            found["name"] = _("1 to %(n)d characters.") % {"n": WORDS["name"]}
        elif not self.name.isprintable():
            found["name"] = _("One line of ordinary characters.")
        for field in ("repository", "website", "code_of_conduct", "guideline"):
            if not is_address(getattr(self, field)):
                found[field] = _("An address that begins with https:// is needed.")
        if not (self.repository or self.website):
            found["repository"] = _("A repository or a website is needed: there you show that it is yours.")
        return found


@action
async def begin_asker(reader: Reader, asker: Asker) -> int:
    """Name an open-source project that the reader asks for and can show to be theirs; its proof's id. Raises Invalid,
    Forbidden, Conflict."""
    require_writer(reader)
    if faults := asker.faults():
        raise Invalid(faults)
    # one at a time, so that the number holds
    await execute("select 1 from person where id = $1 for update", reader.person)
    if (
        await fetch_value("select count(*) from proof where person_id = $1 and project_id is null", reader.person)
        >= MOST_OWN
    ):
        raise Conflict(_("You have named %(n)d projects. Take one out first.") % {"n": MOST_OWN})
    made: int = await fetch_value(
        "insert into proof (person_id, name, repository, website, code_of_conduct, guideline)"
        " values ($1, $2, $3, $4, $5, $6) returning id",
        reader.person,
        asker.name,
        asker.repository,
        asker.website,
        asker.code_of_conduct,
        asker.guideline,
    )
    await audit.record("proof_begun", actor=reader.person, subject=("proof", made))
    return made


@action
async def edit_asker(reader: Reader, proof: int, asker: Asker) -> None:
    """Change what a project that only asks says of itself. Another address is not proven by the old one's proof.

    Raises Invalid, NotFound."""
    row = await locked(reader, proof)
    if row["project_id"] is not None:
        raise NotFound
    if faults := asker.faults():
        raise Invalid(faults)
    await execute(
        "update proof set name = $2, repository = $3, website = $4, code_of_conduct = $5, guideline = $6 where id = $1",
        proof,
        asker.name,
        asker.repository,
        asker.website,
        asker.code_of_conduct,
        asker.guideline,
    )
    await audit.record("proof_edited", actor=reader.person, subject=("proof", proof))


@action
async def drop_asker(reader: Reader, proof: int) -> None:
    """Take out a project that only asks; tickets asked for it are the asker's own from now on. Raises NotFound."""
    row = await locked(reader, proof)
    if row["project_id"] is not None:
        raise NotFound
    await execute("delete from ticket_on_behalf where proof_id = $1", proof)
    await execute("delete from proof where id = $1", proof)
    await audit.record("proof_dropped", actor=reader.person, subject=("proof", proof))


async def locked(reader: Reader, proof: int) -> Row:
    """A proof that the reader may show, locked. Raises NotFound."""
    row = await fetch_one("select * from proof where id = $1 for update", proof)
    if row is None or not may_prove(reader, row):
        raise NotFound
    return row


@action
async def show(
    reader: Reader, proof: int, way: str, address: str, *, control: Control | None = None, now: datetime | None = None
) -> None:
    """Control of `address` was shown in a way, a moment ago. Raises NotFound, Conflict (the project names another by now)."""
    now = now or datetime.now(UTC)
    row = await locked(reader, proof)
    if row["project_id"] is None:
        named = (row["repository"], row["website"])
    else:
        project = await fetch_one("select repository, website from project where id = $1 for update", row["project_id"])
        assert project is not None
        named = (project["repository"], project["website"])
    if address not in named:
        raise Conflict(_("The project names another address by now. Prove that one."))
    to = after(State(row["state"]), Event.SHOWN)
    assert to is not None
    following = next_check(proof, 0, Found.HELD, now)
    await execute(
        "update proof set state = $2, way = $3, address = $4, foreign_id = $5, owner_id = $6, person_id = $7,"
        " proven_at = $8, checked_at = $8, due_at = $9, failures = 0 where id = $1",
        proof,
        str(to),
        way,
        address,
        control.place if control else None,
        control.owner if control else None,
        reader.person,
        now,
        following.due_at,
    )
    await mark_project(row["project_id"], address)
    await audit.record("proof_shown", actor=reader.person, subject=("proof", proof), way=way)


async def mark_project(project: int | None, address: str) -> None:
    """Keep on a project's own row which address is proven ("": none), for lists; pages of it that are kept are stale."""
    if project is not None:
        await execute("update project set proven_address = $2, version = version + 1 where id = $1", project, address)


@action
async def note_check(proof: int, found: Found, *, names_it: bool, seen: Row, now: datetime) -> None:
    """Write down what the monthly check found of a proof as it was `seen`; one that was shown anew meanwhile, or checked
    by another, stays as it is. `names_it`: whether its project still names the address."""
    row = await fetch_one("select * from proof where id = $1 for update", proof)
    if row is None or (row["state"], row["due_at"], row["address"]) != (State.PROVEN, seen["due_at"], seen["address"]):
        return
    if not names_it:
        await lapse(row, seen, Event.CHANGED, now)
        return
    following = next_check(proof, row["failures"], found, now)
    if following.due_at is None:
        await lapse(row, seen, Event.FAILED, now)
        return
    await execute(
        "update proof set failures = $2, due_at = $3, checked_at = case when $4 then $5 else checked_at end where id = $1",
        proof,
        following.failures,
        following.due_at,
        found is not Found.AWAY,
        now,
    )
    if found is not Found.AWAY:
        await mark_project(row["project_id"], row["address"])
    if found is Found.FAILED:
        await audit.record("proof_failed", actor=None, subject=("proof", proof), failures=following.failures)
        if following.failures == 1:
            await tell_all(row, seen, FAILING, now)
    elif found is Found.HELD:
        await audit.record("proof_held", actor=None, subject=("proof", proof))


@action
async def note_words(seen: Row, words: Words, now: datetime) -> None:
    """Write down which pages of a proof as it was `seen` are there. What was found, and is not any more, is told to those who can
    prove it, and looked at again in a week."""
    row = await fetch_one(PROOF + " where f.id = $1 for update of f", seen["id"])
    if row is None:
        return
    conduct = row["conduct_found"] if words.conduct is None else words.conduct
    guideline = row["guideline_found"] if words.guideline is None else words.guideline
    await execute(
        "update proof set conduct_found = $2, guideline_found = $3, unfound = $4,"
        " due_at = case when $5 and due_at < 'infinity' then least(due_at, $6) else due_at end where id = $1",
        seen["id"],
        conduct,
        guideline,
        {field: list(why) for field, why in words.unfound.items()},
        "" in (words.conduct, words.guideline) and bool(words.unfound),
        now + AGAIN,
    )
    if row["project_id"] is not None:
        await execute(
            "update project set conduct_found = $2, version = version + 1 where id = $1", row["project_id"], conduct
        )
    after = await fetch_value(
        f"select {VERIFIED} from proof f left join project p on p.id = f.project_id where f.id = $1", row["id"]
    )
    if row["is_verified"] and not after:
        addresses = " · ".join(address for address, _why in words.unfound.values())
        await tell_all(dict(row) | {"address": addresses}, seen, WORDLESS, now)


async def lapse(row: Row, seen: Row, event: Event, now: datetime) -> None:
    to = after(State(row["state"]), event)
    assert to is not None
    failures = row["failures"] + (event is Event.FAILED)
    await execute(
        "update proof set state = $2, failures = $3, due_at = null, checked_at = $4 where id = $1",
        row["id"],
        str(to),
        failures,
        now,
    )
    await mark_project(row["project_id"], "")
    await audit.record("proof_lapsed", actor=None, subject=("proof", row["id"]), why=str(event), failures=failures)
    await tell_all(row, seen, LAPSED, now)


async def tell_all(row: Mapping[str, Any], seen: Row, kind: str, now: datetime) -> None:
    """Tell whoever can prove it again: owners and maintainers of a project here, else the person."""
    people = [row["person_id"]]
    if row["project_id"] is not None:
        rows = await fetch(
            "select person_id from project_member where project_id = $1 and role in ('owner', 'maintainer') order by 1",
            row["project_id"],
        )
        people = [each["person_id"] for each in rows]
    for person in people:
        await tell(
            person,
            kind,
            key=f"{kind}:{row['id']}:{now.isoformat(timespec='seconds')}",
            project=row["project_id"],
            name=seen["name"],
            address=row["address"],
            proof=row["id"],
        )


async def ticket_submitted(event: TicketSubmitted) -> None:
    """Keep for which project a ticket is asked, where its form said so, and give it the head start of verified ones: what
    lapses later takes nothing back, what is proven or said later gives nothing."""
    if event.behalf is not None:
        found = await fetch_one(PROOF + " where f.id = $1 and f.person_id = $2", event.behalf, event.person)
        if found is not None and found["may_ask"]:
            await execute(KEEP, event.ticket, event.behalf)
    if await is_for_verified(event.ticket):
        await give_head_start(event.ticket)


KEEP = """
insert into ticket_on_behalf (ticket_id, proof_id) values ($1, $2)
on conflict (ticket_id) do update set proof_id = $2, at = now() where ticket_on_behalf.proof_id <> $2
"""


@action
async def ask_for(reader: Reader, ticket: int, proof: int | None) -> None:
    """A requester says for which of their proven projects a ticket is asked (None: for none).

    What was ordered before keeps its price; a place in the queue is not moved by it. Raises NotFound, Invalid (not one of theirs, or not proven)."""
    row = await ticket_for(reader, ticket)
    if not await is_requester(reader, ticket):
        raise NotFound
    if proof is None:
        await execute("delete from ticket_on_behalf where ticket_id = $1", ticket)
    else:
        found = await fetch_one(PROOF + " where f.id = $1 and f.person_id = $2", proof, reader.person)
        if found is None or not found["may_ask"]:
            raise Invalid({"on_behalf": _("Choose one that you have proven.")})
        await execute(KEEP, ticket, proof)
    await execute("update thread set version = version + 1 where id = $1", row["thread_id"])
    await audit.record("ticket_on_behalf", actor=reader.person, subject=("ticket", ticket), proof=proof)
