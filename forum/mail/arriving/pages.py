"""Where the one link of a stranger's mail leads; the banner of who cannot be reached; and what became of mail, for admins."""

import asyncio
from typing import Any

from starlette.responses import Response

from forum.accounts.actions import SignUp, begin_session, check_sign_ups, create_person, owner_of
from forum.accounts.identities import free_username
from forum.accounts.queries import email_of
from forum.database.engine import Row, action, execute, fetch, fetch_value
from forum.mail.addresses import Address
from forum.mail.arriving.imap import parsed_imap
from forum.mail.arriving.mail import Fate, Mail
from forum.mail.arriving.questions import Came, ask, title_of
from forum.mail.arriving.strangers import letter_of, use_letter
from forum.mail.reading.understood import Understood, understand
from forum.mail.reading.vouched import Vouched
from forum.web import sessions
from forum.web.errors import Conflict, Forbidden, Invalid, Problem
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.middleware import set_cookie
from forum.web.pages import came_from, page, redirect
from forum.web.parts import Part
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.sessions import reader_of_person

PAGE = 50
MAILBOXES = """
select m.name, m.checked_at, m.failure, m.failing_since, count(l.uid) as left_count, max(l.why) as left_why
  from mailbox m left join mailbox_left l on l.name = m.name where m.name = $1 group by m.name
"""
EXCERPT = 600


async def understood(found: Row) -> Understood:
    return await asyncio.to_thread(understand, bytes(found["body"]))


async def letter(request: Request) -> Response:
    """What somebody wrote, to be confirmed by a button: mail programs follow links by themselves (trust.md B26)."""
    return await letter_page(request)


async def letter_page(request: Request, problem: Problem | None = None) -> Response:
    token = request.path_params["token"]
    found = await letter_of(token)
    if found is None:
        return await page(request, "mail/stranger.html", 404, letter=None, request_csrf=request.csrf_token)
    read = await understood(found)
    owner = await owner_of(found["address"])
    typed = request.fields.get("username", "") if problem else await free_username(found["address"].partition("@")[0])
    errors = {} if problem is None else problem.errors if isinstance(problem, Invalid) else {"": problem.message}
    return await page(
        request,
        "mail/stranger.html",
        200 if problem is None else problem.status,
        letter=found,
        token=token,
        title=title_of(read.letter.subject, read.text),
        excerpt=read.text[:EXCERPT],
        is_long=len(read.text) > EXCERPT,
        has_account=owner is not None,
        typed=typed,
        errors=errors,
        request_csrf=request.csrf_token,
    )


async def confirm_letter(request: Request) -> Response:
    """Make the letter its sender's question; who has no account gets one, whose address this link has confirmed."""
    token = request.path_params["token"]
    found = await letter_of(token)
    if found is None:
        return await letter_page(request)
    try:
        await limit(f"letter:{found['id']}", most=20, seconds=3600)
        person, came, is_new = await make_question(token, request.fields.get("username", ""), await understood(found))
    except Problem as problem:
        return await letter_page(request, problem)
    if is_new:
        cookie = await begin_session(person, request.headers.get("user-agent", ""), {})
        set_cookie(request, sessions.COOKIE, cookie, int(sessions.LIFETIME.total_seconds()))
        return redirect(request, came.url, _("Welcome. Your address is confirmed."))
    return redirect(request, came.url, _("Thank you. It is yours now."))


@action
async def make_question(token: str, username: str, read: Understood) -> tuple[int, Came, bool]:
    """One transaction: the letter used up, the account where there is none, the question. Raises what asking raises, and
    then the letter waits on. Returns person, question, and whether the account is new."""
    used = await use_letter(token)
    if used is None:
        raise Conflict(_("This link was used already."))
    person = await owner_of(used["address"])
    is_new = person is None
    if person is None:
        await check_sign_ups()
        new = SignUp(username=username, email=used["address"], password="")
        faults = new.faults_without_password()
        if not faults and await fetch_value("select 1 from handle where name = lower($1)", username):
            faults = {"username": _("This name is taken. Choose another.")}
        if faults:
            raise Invalid(faults)
        person = await create_person(new, None, confirmed=True, by_operator=False)
    reader = await reader_of_person(person)
    if not reader.is_signed_in:
        # disabled since the letter came
        raise Forbidden(_("This account is closed."))
    mail = Mail(
        delivery=used["incoming_id"],
        same=used["foreign_id"],
        address=Address(project=used["project_id"], category=used["category_id"]),
        understood=read,
        vouched=Vouched.PASSED,
    )
    came = await ask(reader, mail, may_submit=True)
    fate = Fate("draft" if came.is_draft else "asked", "confirmed by its sender", thread=came.thread)
    await execute("update letter set thread_id = $2 where id = $1", used["id"], came.thread)
    await execute(
        "update arrival set outcome = $2, reason = $3, person_id = $4, thread_id = $5, at = now() where incoming_id = $1",
        used["incoming_id"],
        fate.outcome,
        fate.reason,
        person,
        came.thread,
    )
    return person, came, is_new


async def stopped(request: Request) -> dict[str, Any] | None:
    """That mails to this person came back; nothing for everybody else."""
    if not request.reader.mail_stopped:
        return None
    return {"email": await email_of(request.reader), "username": request.reader.username, "csrf": request.csrf_token}


# Who is concerned gets no shared page (forum/threads/shared.py); all others get nothing.
STOPPED_BANNER = Part(stopped, "mail/stopped.html", alike=True)


async def try_again(request: Request) -> Response:
    """Send mails to one's address again."""
    await limit(f"mail-again:{request.reader.person}", most=5, seconds=86_400)
    await execute(
        "update person set mail_stopped_at = null, mail_soft_bounces = 0 where id = $1", request.reader.person
    )
    return redirect(request, came_from(request), _("Mails are sent to your address again."))


async def arrivals(request: Request) -> Response:
    """What became of mail: never who wrote, nor what."""
    before = request.query_params.get("before", "")
    found = await fetch(
        "select i.id, i.received_at, i.kind as address, i.handled_at, i.next_at, i.failure, a.kind, a.outcome, a.reason"
        " from incoming i left join arrival a on a.incoming_id = i.id where i.source = 'mail'"
        " and ($1::bigint is null or i.id < $1) order by i.id desc limit $2",
        int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        PAGE + 1,
    )
    return await page(
        request,
        "mail/arrivals.html",
        arrivals=found[:PAGE],
        older=f"/admin/mail/in?before={found[PAGE - 1]['id']}" if len(found) > PAGE else "",
        listens=request.settings.smtp_listen,
        mailboxes=await mailboxes(request.settings.imap),
    )


async def mailboxes(imap: str) -> list[Row]:
    """How the mailbox is that mail is fetched from, once it was looked into."""
    try:
        return await fetch(MAILBOXES, parsed_imap(imap).name) if imap else []
    except ValueError:
        return []


routes = [
    route("/mail/again", try_again, access="signed_in", methods=("POST",)),
    route("/mail/{token}", letter),
    route("/mail/{token}", confirm_letter, methods=("POST",)),
    route("/admin/mail/in", arrivals, access="admin"),
]
