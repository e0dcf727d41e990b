"""Reading proofs: of a project, of a person, of a ticket."""

from forum.database.engine import Row, fetch, fetch_one, fetch_value
from forum.projects.roles import may
from forum.web.errors import NotFound
from forum.web.reader import Reader

# What a project says of itself: one that is here in its own row, another in its proof's.
WORDS = """
coalesce(p.name, f.name) as name, coalesce(p.website, f.website) as website,
coalesce(p.repository, f.repository) as repository, coalesce(p.code_of_conduct, f.code_of_conduct) as code_of_conduct,
coalesce(p.guideline, f.guideline) as guideline
"""
PROVEN = "f.state = 'proven' and f.address in (coalesce(p.repository, f.repository), coalesce(p.website, f.website))"
VERIFIED = f"""
({PROVEN} and coalesce(p.website, f.website) <> ''
 and coalesce(p.code_of_conduct, f.code_of_conduct) <> '' and f.conduct_found = coalesce(p.code_of_conduct, f.code_of_conduct)
 and case when p.id is null then f.guideline <> '' and f.guideline_found = f.guideline else p.guideline <> '' end)
"""
# The guideline of a project that is here is a text on this site; all else that is named is looked at where it stands.
# Who proved a project that is here, and is not of its team any more, does not ask for it.
# A proof that whoever runs the site vouches for is due at `infinity`: it is never looked at, and has no next look to tell of.
ASKS_FOR = f"""
({PROVEN} and (f.project_id is null
  or exists (select 1 from project_member m where m.project_id = f.project_id and m.person_id = f.person_id)))
"""
PROOF = f"""
select f.id, f.project_id, f.person_id, f.token, f.state, f.way, f.address, f.foreign_id, f.owner_id, f.proven_at,
       f.checked_at, nullif(f.due_at, 'infinity') as due_at, f.failures, f.created_at, f.conduct_found, f.guideline_found, f.unfound, p.slug, {WORDS}, {PROVEN} as is_proven, {VERIFIED} as is_verified,
       {ASKS_FOR} as may_ask,
       w.username, coalesce(nullif(w.name, ''), w.username) as person
  from proof f left join project p on p.id = f.project_id left join person w on w.id = f.person_id
"""


def may_prove(reader: Reader, proof: Row) -> bool:
    """Whether a reader may see how a project is proven, and prove it: who edits a project here, or whose proof it is."""
    if proof["project_id"] is not None:
        return may(reader, "edit_project", proof["project_id"])
    return reader.is_signed_in and proof["person_id"] == reader.person


async def proof_for(reader: Reader, proof: int) -> Row:
    """A proof, with its token, for those who may show it. Raises NotFound for everybody else."""
    row = await fetch_one(PROOF + " where f.id = $1", proof)
    if row is None or not may_prove(reader, row):
        raise NotFound
    return row


async def proof_of_project(project: int) -> Row:
    """The proof of a project that is here. What of it is public: not the token. Raises NotFound."""
    row = await fetch_one(PROOF + " where f.project_id = $1", project)
    if row is None:
        raise NotFound
    return row


async def own_proofs(reader: Reader) -> list[Row]:
    """The open-source projects that a person has proven or begun to, by name."""
    return await fetch(
        PROOF + " where f.person_id = $1 order by lower(coalesce(p.name, f.name)), f.id limit 100", reader.person
    )


async def behalf_of(ticket: int) -> Row | None:
    """For which proven project a ticket is asked: a row of PROOF; None for a ticket of nobody's project."""
    return await fetch_one(PROOF + " join ticket_on_behalf o on o.proof_id = f.id where o.ticket_id = $1", ticket)


async def is_for_verified(ticket: int) -> bool:
    """Whether a ticket is asked for a project that is verified at this moment, in that capacity."""
    return bool(
        await fetch_value(
            "select 1 from ticket k join ticket_on_behalf o on o.ticket_id = k.id join proof f on f.id = o.proof_id"
            f" left join project p on p.id = f.project_id where k.id = $1 and k.capacity = 'project'"
            f" and {VERIFIED} and {ASKS_FOR}",
            ticket,
        )
    )
