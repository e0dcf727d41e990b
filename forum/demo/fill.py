"""Fills an empty site with the demo community: everything through the ordinary actions, then set back in time."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from categories.ask.actions import ask
from categories.satisfaction.actions import rate
from categories.support.actions import claim, resolve
from categories.support.jobs import measure_expected
from forum.accounts.actions import SignUp, create_person
from forum.accounts.passwords import hash_password
from forum.database.engine import execute, fetch, fetch_value, transaction
from forum.demo.bulk import load_bulk
from forum.demo.payouts import divide_pool, set_thanks_back
from forum.demo.world import (
    ASKS,
    DRAFTS,
    GUIDELINE,
    PEOPLE,
    PROJECTS,
    READERS,
    REPLY_DRAFTS,
    SIGN_INS,
    TERMS,
    DemoProject,
    Step,
    parse_ago,
    read_threads,
    unwrap,
)
from forum.projects.actions import NewProject, create_project
from forum.settings import Settings
from forum.threads.actions import accept_answer, close_thread, mark_read, move_thread, react
from forum.threads.drafts import keep_draft
from forum.threads.editing import edit_post
from forum.threads.starting import tag_thread
from forum.threads.writing import store_reply
from forum.web.money import minor_units
from forum.web.reader import Reader
from forum.web.sessions import reader_of_person
from payouts.bumps.actions import book, open_bump
from reputation.actions import happening_at


class NotEmpty(Exception):
    """The site has projects or people already; the message is one line for the operator."""


@dataclass(frozen=True)
class DemoResult:
    """What the demo made, and the one password of all its sign-ins."""

    projects: int
    people: int
    threads: int
    posts: int
    password: str
    sign_ins: tuple[str, ...] = SIGN_INS


@dataclass
class Demo:
    """The demo in the making: `began` tells what is being made from what was set back in time already."""

    began: datetime
    people: dict[str, int] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    may_set_history: bool = False
    # who asks for a project of theirs that is proven: its proof
    behalf: dict[str, int] = field(default_factory=dict)
    # bumps whose money came: when, and which; booked in the order of their times, as a ledger is written
    received: list[tuple[datetime, int]] = field(default_factory=list)


async def make_demo(settings: Settings, *, threads: int | None = None, password: str | None = None) -> DemoResult:
    """Make the community; with `threads`, load as many more in bulk as are wanted in all.

    The pool must be open and `forum.wiring.wire` called. The same every time but for dates, which are counted back from
    now, and the password, which is made up unless given. Raises NotEmpty.
    """
    if await fetch_value("select exists (select 1 from project) or exists (select 1 from person)"):
        raise NotEmpty("the demo needs an empty site; this one has people or projects already")
    password = password or secrets.token_urlsafe(9)
    hashed = await hash_password(password)
    # one transaction: a demo is there, or it is not; a thousand small commits would also be slower
    async with transaction():
        await execute("set local role none")
        demo = Demo(await fetch_value("select now()"))
        demo.may_set_history = await fetch_value("select has_table_privilege('thread_act', 'update')")
        await make_people(demo, settings, hashed)
        demo.behalf[ASKS[0]] = await make_asker(demo, *ASKS)
        for project in PROJECTS:
            await make_project(demo, project)
        await make_readers(demo)
        await execute("delete from rate")
    if threads is not None:
        await load_bulk(threads)
    row = await fetch(
        "select (select count(*) from project) as projects, (select count(*) from person) as people,"
        " (select sum(thread_count) from category)::bigint as threads,"
        " (select sum(last_number) from thread)::bigint as posts"
    )
    return DemoResult(**row[0], password=password)


async def make_people(demo: Demo, settings: Settings, hashed: str) -> None:
    """Everybody; the four who sign in get the password."""
    domain = settings.mail_domain or "example.org"
    for key, (username, name) in PEOPLE.items():
        new = SignUp(username, f"{username}@{domain}", "", name)
        demo.people[key] = await create_person(new, hashed, confirmed=True, admin=key == "admin")
    await execute("update person set password = null where username <> all($1)", list(SIGN_INS))
    await execute(
        "update person set created_at = created_at - interval '90 days' - make_interval(hours => (id * 37 % 900)::int)"
    )


# Proven by a file that nobody has looked at, and nobody will: hosts of the demo are `.example`, which is no one's (RFC 2606), so
# the monthly look would end every proof. Due at `infinity` is how an operator vouches for one (docs/operators.md).
PROVEN = """
update proof set state = 'proven', way = 'website_file', address = $2, person_id = $3, proven_at = now() - interval '20 days',
       checked_at = now() - interval '6 days', due_at = 'infinity', conduct_found = $2 || '/conduct',
       guideline_found = guideline where id = $1
"""


async def make_asker(demo: Demo, key: str, name: str, website: str) -> int:
    """An open-source project that only asks, proven and verified; its proof's id."""
    person = demo.people[key]
    proof: int = await fetch_value(
        "insert into proof (person_id, name, website, code_of_conduct, guideline) values ($1, $2, $3::text, $3 || '/conduct',"
        " $3 || '/support') returning id",
        person,
        name,
        website,
    )
    await execute(PROVEN, proof, website, person)
    return proof


async def prove(demo: Demo, project: DemoProject, number: int) -> None:
    """A project of the demo that is verified, and grants others that are so something."""
    words = (
        "update project set website = $2::text, code_of_conduct = $2 || '/conduct', conduct_found = $2 || '/conduct',"
    )
    await execute(f"{words} proven_address = $2 where id = $1", number, project.website)
    proof = await fetch_value("select id from proof where project_id = $1", number)
    await execute(PROVEN, proof, project.website, demo.people[project.owner])
    await execute("insert into support_policy (project_id, head_start) values ($1, $2)", number, project.head_start)


async def make_project(demo: Demo, project: DemoProject) -> None:
    """A project with its team, its threads and the range measured from its answers."""
    number = await create_project(
        demo.people[project.owner],
        NewProject(
            project.slug,
            project.name,
            project.entity,
            tagline=project.tagline,
            country=project.country,
            guideline=GUIDELINE.format(command=project.command),
            terms=TERMS.format(entity=project.entity),
        ),
    )
    await execute(
        "update project set created_at = created_at - interval '120 days', expected_from = $2, expected_to = $3,"
        " seeks_maintainers = $4 where id = $1",
        number,
        *project.expected,
        project.seeks_maintainers,
    )
    await execute(
        "update selling set tax_rate = $2, payment_details = $3 where project_id = $1",
        number,
        project.tax_rate,
        f"{project.entity}\n{project.account}",
    )
    await execute(
        "update legal_entity set address = $2, tax_number = $3 where id ="
        " (select legal_entity_id from project where id = $1)",
        number,
        project.address,
        project.tax_number,
    )
    if project.website:
        await prove(demo, project, number)
    for key, role in project.team.items():
        await execute(
            "insert into project_member (project_id, person_id, role, added_by) values ($1, $2, $3, $4)"
            " on conflict (project_id, person_id) do update set role = $3",
            number,
            demo.people[key],
            role,
            demo.people[project.owner],
        )
    demo.readers = {key: await reader_of_person(person) for key, person in demo.people.items()}
    for name in project.files:
        for steps in read_threads(name):
            await make_thread(demo, number, steps)
    for at, bump in sorted(demo.received):
        await book(bump, actor=demo.people[project.owner], at=at)
    demo.received.clear()
    await execute("select queue_lock($1)", number)
    await execute("select queue_rebuild($1)", number)
    await measure_expected(number)
    await set_thanks_back(number)
    await divide_pool(demo.readers[project.owner], number, demo.began)


async def make_thread(demo: Demo, project: int, steps: list[Step]) -> None:
    """One thread, step by step, each set back to its time before the next is taken."""
    asked, *later = steps
    with happening_at(demo.began - asked.ago):
        ticket, thread = await make_first(demo, project, asked)
    for step in later:
        with happening_at(demo.began - step.ago):
            await take(demo, thread, ticket, step)
        await set_back(demo, thread, step)


async def make_first(demo: Demo, project: int, asked: Step) -> tuple[int | None, int]:
    """The question of a thread: its ticket if it has one, and itself."""
    title, _line, text = asked.text.partition("\n")
    made = await ask(
        demo.readers[asked.who],
        project,
        title,
        unwrap(text),
        category=asked.words[0],
        capacity=asked.options.get("capacity", "personal"),
        accepts_terms=True,
        behalf=demo.behalf.get(asked.who),
        as_draft="draft" in asked.words,
    )
    thread = demo.threads[title] = made.posted.thread
    if tags := asked.options.get("tags"):
        await tag_thread(thread, tags.split(","))
    await react_all(demo, asked, made.posted.post)
    await set_back(demo, thread, asked)
    return made.ticket, thread


async def take(demo: Demo, thread: int, ticket: int | None, step: Step) -> None:
    """One step in a thread. Raises ValueError for one that a file may not have."""
    reader, text = demo.readers[step.who], unwrap(step.text)
    match step.verb, ticket:
        case "reply", _:
            purpose = step.options.get("purpose", "reply")
            posted = await store_reply(reader, thread, text, purpose=purpose)
            await react_all(demo, step, posted.post)
        case "accept", _:
            await accept_answer(reader, thread, int(step.words[0]))
        case "close", _:
            await close_thread(reader, thread, " ".join(step.words))
        case "claim", int():
            await claim(reader, ticket)
        case "resolve", int():
            await resolve(reader, ticket)
        case "rate", int():
            await rate(reader, ticket, int(step.words[0]), text)
        case "bump", int():
            await order_bump(demo, ticket, step)
        case "edit", _:
            post = await fetch_value(
                "select id from post where thread_id = $1 and number = $2", thread, int(step.words[0])
            )
            await edit_post(reader, post, text)
        case "move", _:
            category = await fetch_value(
                "select to_.id from thread t join category to_ on to_.project_id = t.project_id and to_.slug = $2"
                " where t.id = $1",
                thread,
                step.words[0],
            )
            await move_thread(reader, thread, category)
        case _:
            raise ValueError(f"no such step in a demo thread: {step}")


async def order_bump(demo: Demo, ticket: int, step: Step) -> None:
    """A bump by bank transfer, and when its money came, if it did."""
    currency = await fetch_value(
        "select currency from project p join ticket k on k.project_id = p.id where k.id = $1", ticket
    )
    key = uuid5(NAMESPACE_URL, f"demo:{ticket}:{step.who}:{step.ago}")
    amount = minor_units(step.words[0], currency) or 0
    made = await open_bump(demo.readers[step.who], ticket, amount, currency=currency, method="offline", key=key)
    await execute("update bump set created_at = $2 where id = $1", made["id"], demo.began - step.ago)
    if received := step.options.get("received"):
        demo.received.append((demo.began - parse_ago(received), made["id"]))


async def react_all(demo: Demo, step: Step, post: int) -> None:
    """The reactions that a step's line lists for the post it wrote."""
    for option, kind in (("likes", "like"), ("thanks", "thanks"), ("same", "same")):
        for key in step.people(option):
            await react(demo.readers[key], post, kind, on=True)


# What a step made bears the moment of the demo; this is the one place where it is given its own.
SET_BACK = """
with t as (
    update thread set created_at = case when created_at >= $2 then $3 else created_at end,
        bumped_at = case when bumped_at >= $2 then $3 else bumped_at end,
        last_post_at = case when last_post_at >= $2 then $3 else last_post_at end where id = $1
), p as (
    update post set created_at = case when created_at >= $2 then $3 else created_at end,
        edited_at = case when edited_at >= $2 then $3 else edited_at end
     where thread_id = $1 and (created_at >= $2 or edited_at >= $2)
), r as (
    update reaction set at = $3 from post where post.id = post_id and thread_id = $1 and at >= $2
), w as (
    update thread_participant set since = $3 where thread_id = $1 and since >= $2
), d as (
    update read_position set at = $3 where thread_id = $1 and at >= $2
), q as (
    update ticket_requester set since = $3 from ticket where ticket.id = ticket_id and thread_id = $1 and since >= $2
)
update ticket k set created_at = case when created_at >= $2 then $3 else created_at end,
    submitted_at = case when submitted_at >= $2 then $3 else submitted_at end,
    waiting_since = case when waiting_since >= $2 - head then $3 - head else waiting_since end,
    waits_from = case when waits_from >= $2 - head then $3 - head else waits_from end,
    first_response_at = case when first_response_at >= $2 then $3 else first_response_at end
  from (select id, make_interval(hours => 24 * coalesce(head_start, 0)) as head from ticket) h
 where thread_id = $1 and h.id = k.id
"""


# What is history to the pool's role, the owner of the tables may still set right.
SET_HISTORY_BACK = """
with r as (
    update post_revision v set at = $3 from post where post.id = v.post_id and thread_id = $1 and v.at >= $2
), s as (
    update ticket_step s set at = $3 from ticket k where k.id = s.ticket_id and k.thread_id = $1 and s.at >= $2
), e as (
    update rating e set at = $3 from ticket k where k.id = e.ticket_id and k.thread_id = $1 and e.at >= $2
)
update thread_act set at = $3 where thread_id = $1 and at >= $2
"""


async def set_back(demo: Demo, thread: int, step: Step) -> None:
    """Let everything that a step made have happened when the step says."""
    at = demo.began - step.ago
    await execute(SET_BACK, thread, demo.began, at)
    if demo.may_set_history:
        await execute(SET_HISTORY_BACK, thread, demo.began, at)


async def make_readers(demo: Demo) -> None:
    """What those who sign in have read, and what they have begun to write."""
    for key, (skips, begins) in READERS.items():
        for n, thread in enumerate(demo.threads.values()):
            if n % skips:
                await mark_read(demo.readers[key], thread, 1 if n % begins == 0 else 1_000_000)
    for key, draft, title, text in DRAFTS:
        await keep_draft(demo.readers[key], draft, title=title, markdown=text, data={"project": "pelican"})
    for key, title, text in REPLY_DRAFTS:
        await keep_draft(demo.readers[key], f"thread:{demo.threads[title]}", markdown=text)
