"""Placeholders of imported people become whoever they are: one column, `same_as`; no row that they wrote is rewritten.

What they wrote may be private, so somebody must have shown that they are who wrote it. A login is no proof: it can be
given up and taken by somebody else. GitHub's number of an account is; who is known by it is claimed by it alone. Where
only a login is known, GitHub is asked who wrote (importers/github/claims.py), or an admin decides.
"""

from forum import audit
from forum.accounts.events import ClaimTakenBack, PlaceholderClaimed
from forum.accounts.providers import GITHUB
from forum.database.engine import Row, action, execute, fetch, fetch_one, fetch_value
from forum.events import publish
from forum.jobs import enqueue
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.reader import Reader

REASON_MOST = 300
# Who stands for every deleted account on GitHub is nobody.
NOBODY = ("user:10137", "login:ghost")
SHOWN = 100


@action
async def claim(placeholder: int, person: int, *, actor: int, how: str, reason: str = "") -> bool:
    """Let `person` be who stands here as `placeholder`; `how`: `number` or `admin`. True where that is new.

    Raises Conflict where it cannot be: no placeholder, nobody's, claimed by somebody else, or a claimer who cannot be.
    """
    row = await fetch_one(
        "select p.kind, p.same_as, exists (select 1 from origin_alias a where a.source = $2 and a.kind = 'person'"
        " and a.row_id = p.id and a.foreign_id = any($3)) as is_nobody from person p where p.id = $1 for update",
        placeholder,
        GITHUB,
        list(NOBODY),
    )
    claimer = await fetch_value(
        "select 1 from person where id = $1 and kind = 'local' and same_as is null and disabled_at is null for update",
        person,
    )
    if row is None or row["kind"] != "placeholder" or row["is_nobody"]:
        raise Conflict(_("Nobody in particular stands behind this name."))
    if row["same_as"] == person:
        return False
    if row["same_as"] is not None:
        raise Conflict(_("Somebody else has claimed this already. Take that back first."))
    if claimer is None:
        raise Conflict(_("That account cannot claim anything: it is closed, or not of this site."))
    await execute("update person set same_as = $2 where id = $1", placeholder, person)
    await audit.record(
        "placeholder_claimed",
        actor=actor,
        subject=("person", placeholder),
        by=person,
        how=how,
        **({"reason": reason} if reason else {}),
    )
    await publish(PlaceholderClaimed(placeholder, person))
    await enqueue("send_mail", template="claimed", person=person, placeholder=placeholder)
    return True


async def number_of(placeholder: int) -> str | None:
    """GitHub's number of who stands here as a placeholder, where an import or a look-up told it."""
    number: str | None = await fetch_value(
        "select substring(foreign_id from 6) from origin_alias where source = $1 and kind = 'person' and row_id = $2"
        " and starts_with(foreign_id, 'user:') limit 1",
        GITHUB,
        placeholder,
    )
    return number


async def has_number(person: int, number: str) -> bool:
    """Whether a person has shown that this is GitHub's number of them."""
    found = await fetch_value(
        "select 1 from identity where person_id = $1 and provider = $2 and subject = $3", person, GITHUB, number
    )
    return found is not None


async def decide(reader: Reader, *, placeholder: str, username: str, reason: str) -> bool:
    """An admin's decision that `username` is who stands here as `placeholder` (both usernames); as `claim`.

    Raises Invalid by field, Conflict, also where GitHub's number is known and says otherwise.
    """
    rows = await fetch(
        "select id, kind, lower(username) as username from person where lower(username) = any($1)",
        [placeholder.lower(), username.lower()],
    )
    found = {row["username"]: row for row in rows}
    faults = {}
    if (which := found.get(placeholder.lower())) is None or which["kind"] != "placeholder":
        faults["placeholder"] = _("Nobody was imported under this name. It looks like octocat@github.com.")
    if (who := found.get(username.lower())) is None or who["kind"] != "local":
        faults["username"] = _("Nobody has this username.")
    if faults or which is None or who is None:
        raise Invalid(faults)
    number = await number_of(which["id"])
    if number is not None and not await has_number(who["id"], number):
        raise Conflict(
            _("GitHub's number of this account is known. Whoever it is claims it by signing in with GitHub.")
        )
    return await claim(which["id"], who["id"], actor=reader.person, how="admin", reason=reason)


@action
async def take_back(reader: Reader, placeholder: int, reason: str) -> None:
    """An admin ends a claim that was wrong; what they wrote stands under the imported name again.

    Raises Conflict where nobody has claimed it, or GitHub's number proves the claim: it would be back at the next sign-in.
    """
    owner, number = (
        await fetch_value("select same_as from person where id = $1", placeholder),
        await number_of(placeholder),
    )
    if owner is not None and number is not None and await has_number(owner, number):
        raise Conflict(_("GitHub's number proves this claim: what stands there is theirs."))
    person = await fetch_value(
        "update person p set same_as = null from person old where p.id = $1 and old.id = p.id"
        " and p.kind = 'placeholder' and p.same_as is not null returning old.same_as",
        placeholder,
    )
    if person is None:
        raise Conflict(_("Nobody has claimed this."))
    await audit.record(
        "claim_taken_back", actor=reader.person, subject=("person", placeholder), by=person, reason=reason
    )
    await publish(ClaimTakenBack(placeholder, person))


async def latest_claims() -> list[Row]:
    """The claims in force, newest first: (id, username, person, how, reason, at, actor), names as they are today."""
    return await fetch(
        "select w.id, w.username, p.username as person, c.detail->>'how' as how, c.detail->>'reason' as reason, c.at,"
        " x.username as actor from person w join person p on p.id = w.same_as"
        " left join lateral (select c.* from audit c where c.subject_id = w.id"
        " and c.action = 'placeholder_claimed' order by c.id desc limit 1) c on true"
        " left join person x on x.id = c.actor_id where w.kind = 'placeholder' and w.same_as is not null"
        " order by c.at desc nulls last, w.id desc limit $1",
        SHOWN,
    )


async def claims_of(person: int) -> list[Row]:
    """The imported names that are a person's: username."""
    return await fetch("select username from person where same_as = $1 order by username", person)
