"""A world with one of each hidden kind of content, each with a canary, and what fills every route's path."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from uuid import uuid4

from categories.ask.actions import Asked
from categories.support.replies.actions import Written, create
from forum.app import all_routes
from forum.database.engine import execute, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.threads.starting import start_thread
from forum.threads.writing import Posted, post_reply
from forum.web.routing import AccessRoute
from payouts.bumps.actions import mark_received, open_bump
from tests.helpers.site import Browser, Site
from tests.helpers.world import World

# Stands in every hidden text beside its canary, so that looking for it finds them all, for who may see them.
BAIT = "shibboleth"
TEAM = ("supporter", "triager", "maintainer", "owner")
ROLES = ("guest", "outsider", "requester", *TEAM, "moderator", "admin")
NOBODY_HAS = 999_999


@dataclass(frozen=True)
class Hidden:
    """Something hidden: its canary, who of ROLES may see it, and the ids it goes by."""

    canary: str
    seen_by: frozenset[str]
    thread: int = 0
    post: int = 0
    ticket: int = 0
    category: str = ""
    category_id: int = 0
    bump: int = 0
    invoice: int = 0


@dataclass
class Place:
    """The site with its people by role, and what is hidden from whom."""

    world: World
    browsers: dict[str, Browser]
    hidden: dict[str, Hidden] = field(default_factory=dict)
    public: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def make(cls, site: Site) -> "Place":
        world = await World.make(site)
        browsers = {"guest": site.guest(), "supporter": world.supporter, "owner": world.owner}
        browsers |= {"outsider": world.outsider, "requester": await world.person("rhea")}
        for role in ("triager", "maintainer"):
            browsers[role] = await world.person(role)
            await world.team(browsers[role], role)
        browsers["moderator"] = await world.person("mona")
        await execute("update person set site_role = 'moderator' where id = $1", browsers["moderator"].person)
        browsers["admin"] = await site.member("adam", admin=True)
        browsers["elsewhere"] = await world.person("hanna")
        await create_project(browsers["elsewhere"].person or 0, NewProject("heron", "Heron", "Heron Foundation"))
        place = cls(world, browsers)
        await place.hide_all()
        return place

    async def category(self, slug: str, kind: str, visibility: str, readers: tuple[str, ...]) -> int:
        made: int = await fetch_value(
            "insert into category (project_id, slug, name, kind, visibility, readers, position)"
            " values ($1, $2, $3, $4, $5, $6, 9) returning id",
            self.world.project,
            slug,
            slug,
            kind,
            visibility,
            list(readers),
        )
        return made

    async def thread(self, kind: str, category: int, *, is_draft: bool = False) -> Posted:
        """A thread by its own author, with a reply by another and a reaction by a third, all named by the canary."""
        canary = f"canary{kind}"
        author = await self.world.person(f"{canary}author")
        title = f"The {canary} title"
        text = f"{BAIT} {canary} text"
        posted = await start_thread(
            await author.reader(), category, title, text, tags=[f"{canary}tag"], is_draft=is_draft
        )
        if not is_draft:
            reader = await author.reader()
            reply = await post_reply(reader, posted.thread, f"{BAIT} {canary} reply")
            fan = await self.world.person(f"{canary}fan")
            await execute(
                "insert into thread_participant (thread_id, person_id, kind) values ($1, $2, 'invited')",
                posted.thread,
                fan.person,
            )
            await execute("insert into reaction values ($1, $2, 'like')", reply.post, fan.person)
            await execute("update post set reactions = '{\"like\": 1}' where id = $1", reply.post)
        return posted

    async def hide(self, kind: str, posted: Posted, seen_by: tuple[str, ...], category: str = "") -> None:
        ticket = await fetch_value("select id from ticket where thread_id = $1", posted.thread)
        place = await self.world.category(category) if category else 0
        self.hidden[kind] = Hidden(
            f"canary{kind}",
            frozenset(seen_by),
            posted.thread,
            posted.post,
            ticket or 0,
            category,
            place,
        )

    async def hide_all(self) -> None:
        world = self.world
        high = ("maintainer", "owner")
        security = await self.thread("security", await world.category("security"))
        await self.hide("security", security, high, "security")
        private = await self.category("canaryprivate", "other", "private", high)
        await self.hide("private", await self.thread("private", private), high, "canaryprivate")
        support = await self.category("canaryticket", "support", "private", TEAM)
        posted = await self.thread("ticket", support, is_draft=True)
        ticket = await fetch_value("select id from ticket where thread_id = $1", posted.thread)
        await execute("update thread set visibility = 'private' where id = $1", posted.thread)
        await execute(
            "update ticket set state = 'waiting', capacity = 'personal', waiting_since = now() where id = $1",
            ticket,
        )
        await execute("select queue_enter($1)", ticket)
        await self.hide("ticket", posted, TEAM, "canaryticket")
        team = await self.category("canaryteam", "other", "team", ())
        await self.hide("team", await self.thread("team", team), TEAM, "canaryteam")
        members = await self.category("canarymembers", "other", "members", ())
        everybody = tuple(role for role in ROLES if role != "guest")
        await self.hide("members", await self.thread("members", members), everybody, "canarymembers")
        draft = await self.thread("draft", await world.category("support"), is_draft=True)
        await self.hide("draft", draft, ())
        await execute(
            "insert into draft (person_id, key, title, markdown) select author_id, 'new-thread', 'canarykept', $2"
            " from thread where id = $1",
            draft.thread,
            f"{BAIT} canarykept",
        )
        asked = await world.ask("A question in public", by="rhea")
        whisper = await post_reply(
            await world.supporter.reader(), asked.posted.thread, f"{BAIT} canarywhisper", purpose="whisper"
        )
        self.hidden["whisper"] = Hidden("canarywhisper", frozenset(TEAM), post=whisper.post)
        removed = await post_reply(await world.owner.reader(), asked.posted.thread, f"{BAIT} canaryremoved")
        await execute("update post set deleted_at = now() where id = $1", removed.post)
        self.hidden["removed"] = Hidden("canaryremoved", frozenset(), post=removed.post)
        await self.hide_templates()
        await self.hide_wished()
        await self.hide_money(asked)
        self.public = {
            "thread": str(asked.posted.thread),
            "post": str(asked.posted.post),
            "ticket": str(asked.ticket),
            "slug": asked.posted.slug,
        }

    async def hide_templates(self) -> None:
        """A triager's own answer, which nobody else sees, and one of the project's."""
        for name, who, seen_by in (("own", "triager", ("triager",)), ("shared", "owner", TEAM)):
            canary = f"canarytemplate{name}"
            written = Written(canary, f"The {canary}", f"{BAIT} {canary}", is_own=name == "own")
            await create(await self.browsers[who].reader(), self.world.project, written)
            self.hidden[canary] = Hidden(canary, frozenset(seen_by))

    async def hide_wished(self) -> None:
        """A ticket in the public support category that only the team is to read, with a log too long for its post."""
        canary, support = "canarywished", await self.world.category("support")
        await execute("insert into asking (project_id, private_tickets) values ($1, 'choice')", self.world.project)
        field = await fetch_value(
            "insert into ask_field (category_id, position, kind, label) values ($1, 0, 'log', 'Log') returning id",
            support,
        )
        log = "\n".join(f"{BAIT} {canary} line {n}" for n in range(900))
        asked = await self.world.ask(
            f"The {canary} title",
            by=f"{canary}author",
            markdown=f"{BAIT} {canary} text",
            only_team=True,
            answers=lambda name: log if name == f"field-{field}" else "",
            tags=[f"{canary}tag"],
        )
        assert asked.ticket is not None and not asked.is_draft and field == 1
        author = await self.world.people[f"{canary}author"].reader()
        await post_reply(author, asked.posted.thread, f"{BAIT} {canary} reply")
        await self.hide("wished", asked.posted, TEAM)

    async def hide_money(self, asked: Asked) -> None:
        """A bump of a public ticket, paid and invoiced: who paid, what, and for whom the invoice is, is its own secret."""
        rhea = await self.browsers["requester"].reader()
        canary = "canarybump"
        bump = await open_bump(
            rhea,
            asked.ticket or 0,
            77_123,
            currency="EUR",
            method="offline",
            key=uuid4(),
            billed_to=f"{BAIT} {canary} Ltd",
            tax_number=f"{canary}tax",
        )
        await mark_received(await self.world.owner.reader(), bump["id"])
        await execute("update bump set reference = 'canarybump-' || id")
        await execute("update selling set payment_details = 'canarydetails' where project_id = $1", self.world.project)
        invoice = await fetch_value("select id from invoice where bump_id = $1", bump["id"])
        seen_by = frozenset({"requester", "owner"})
        self.hidden["bump"] = Hidden(canary, seen_by, bump=bump["id"], invoice=invoice)
        # the amount is for the team, too; another one beside it, so that no total tells it
        other = await self.world.ask("Another question in public", by="rhea")
        key, more = uuid4(), {"currency": "EUR", "method": "offline"}
        second = await open_bump(rhea, other.ticket or 0, 50_000, key=key, **more)
        await mark_received(await self.world.owner.reader(), second["id"])
        self.hidden["amount"] = Hidden("771.23", frozenset({"requester", *TEAM}))

    def canaries_hidden_from(self, role: str) -> list[str]:
        """What must not reach somebody of this role; another project's owner is as much a stranger as anybody."""
        kept = "outsider" if role == "elsewhere" else role
        return [h.canary for h in self.hidden.values() if kept not in h.seen_by] + ["canarykept"]


def access_routes() -> list[AccessRoute]:
    return [route for route in all_routes() if isinstance(route, AccessRoute)]


def names_in(path: str) -> list[str]:
    return re.findall(r"\{(\w+)(?::\w+)?\}", path)


def filled(path: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found[1]], path)


# What of the hidden things the parameters of a route name, by how its path begins; the first that fits counts.
SUBJECTS: tuple[tuple[str, str, str], ...] = (
    ("/t/", "id", "thread"),
    ("/quotes/", "id", "thread"),
    ("/posts/", "id", "post"),
    ("/tickets/", "id", "ticket"),
    ("/api/v1/tickets/", "id", "ticket"),
    ("/api/v1/threads/", "id", "thread"),
    ("/bumps/", "id", "bump"),
    ("/api/v1/bumps/", "id", "bump"),
    ("/invoices/", "id", "invoice"),
    ("/p/{project}/inbox/{ticket}", "ticket", "ticket"),
    ("/c/{slug}/{id}.json", "id", "category_id"),
    ("/c/{parent}/{slug}/{id}.json", "id", "category_id"),
    ("/c/{project}/{category}", "category", "category"),
    ("/tag/", "tag", "tag"),
)
# What fills every other parameter. A route with one that is not here fails the tests until it is: say what it names.
FILLERS: dict[str, tuple[str, ...]] = {
    "slug": ("x",),
    "parent": ("pelican",),
    "number": ("1", "2"),
    "project": ("pelican",),
    "category": ("support",),
    "username": ("olga",),
    "kind": ("like",),
    "deed": ("claim", "release", "assign", "resolve"),
    "token": ("no-such-token",),
    "mail": ("1",),
    "hue": ("1",),
    "initials": ("AB",),
    "size": ("48",),
    "part": ("1",),
    "switch": ("read_only",),
    "tag": ("x",),
    "site": ("pelican.stackexchange.com",),
    "provider": ("github",),
    "identity": ("1",),
    "person": ("1",),
    "source": ("stripe", "github"),
    "delivery": ("1",),
    "run": ("1",),
    "line": ("1",),
    "template": ("1", "digest"),
    "upload": ("1",),
    "look": ("dark",),
    "view": ("1",),
    "proof": ("1",),
    "chart": ("backlog",),
    "id": (),
    "ticket": (),
    "repository": ("1",),
    "field": ("1",),
}


def subject_of(path: str) -> tuple[str, str] | None:
    """Which parameter of a route names something that can be hidden, and what kind of id that is."""
    for begins, parameter, kind in SUBJECTS:
        if path.startswith(begins) and parameter in names_in(path):
            return parameter, kind
    return None


def identity(hidden: Hidden, kind: str) -> str:
    """How this kind of route would name a hidden thing; "" where it cannot."""
    if kind == "tag":
        return f"{hidden.canary}tag" if hidden.thread else ""
    value = getattr(hidden, kind)
    return str(value) if value else ""


def fillings(path: str, subject: str | None = None) -> Iterator[dict[str, str]]:
    """Every way to fill a path; what names the subject is filled with `subject`."""
    named = subject_of(path)
    names = names_in(path)
    choices = [(subject,) if named and name == named[0] and subject is not None else FILLERS[name] for name in names]
    if "bucket" in path:
        choices = [("support",) if name == "kind" else choice for name, choice in zip(names, choices, strict=True)]
    for values in product(*choices):
        yield dict(zip(names, values, strict=True))
