"""What people do to tickets from a thread's page: submit a draft, claim, put back, resolve, take in, re-bucket."""

from starlette.responses import Response

from categories.support import actions
from categories.support.queries import ticket_by_id
from categories.support.silence import still_needed as say_still_needed
from categories.support.submitting import behalf_in, submit
from forum.database.engine import fetch_value
from forum.projects.terms import shown_terms
from forum.threads.actions import move_thread
from forum.threads.pages import asked_id, back_to_thread, fresh_page
from forum.threads.queries import thread_head
from forum.web import parts
from forum.web.errors import Invalid, NotFound
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route


async def thread_of(ticket: int) -> int:
    thread = await fetch_value("select thread_id from ticket where id = $1", ticket)
    if thread is None:
        raise NotFound
    return int(thread)


async def ticket_place(request: Request) -> Response:
    """To a ticket's thread, for those who may see it."""
    row = await ticket_by_id(request.reader, asked_id(request))
    return redirect(request, f"/t/{row['thread_id']}")


async def submission(request: Request) -> Response:
    """The short form: capacity and terms, then `waiting`."""
    ticket = asked_id(request)
    thread = await thread_of(ticket)
    fields = request.fields
    try:
        await submit(
            request.reader,
            ticket,
            capacity=fields.get("capacity", ""),
            accepts_terms=fields.get("terms") == "1",
            shown=shown_terms(fields),
            behalf=behalf_in(fields.get("on_behalf", "")),
            # a form without questions, such as a program's, leaves the draft's answers as they are
            answers=(lambda name: fields.get(f"{name}-file", "").strip("\n") or fields.get(name, ""))
            if "fields_of" in fields
            else None,
            is_private=fields.get("only_team") == "1" if "fields_of" in fields else None,
        )
    except Invalid as problem:
        return await fresh_page(request, thread, status=422, ticket_errors=problem.errors)
    await parts.sent("capacity_project", request, ticket)
    if fields.get("then") == "raise":
        return redirect(request, f"/tickets/{ticket}/bump", _("Submitted. It waits already; raise it if you like."))
    return await back_to_thread(request, thread, notice=_("Submitted. Your place in the queue is below."))


async def after(request: Request, ticket: int) -> Response:
    """Back to where the button was: the inbox or the thread."""
    return await back_to_thread(request, await thread_of(ticket))


async def claim(request: Request) -> Response:
    await actions.claim(request.reader, asked_id(request))
    return await after(request, asked_id(request))


async def release(request: Request) -> Response:
    await actions.release(request.reader, asked_id(request))
    return await after(request, asked_id(request))


async def assign(request: Request) -> Response:
    await actions.assign(request.reader, asked_id(request), request.fields.get("username", ""))
    return await after(request, asked_id(request))


async def resolution(request: Request) -> Response:
    await actions.resolve(request.reader, asked_id(request))
    return await after(request, asked_id(request))


async def reopening(request: Request) -> Response:
    await actions.reopen_ticket(request.reader, asked_id(request))
    return await after(request, asked_id(request))


async def promise(request: Request) -> Response:
    """Promise an answer by hand, from the thread."""
    form = request.fields
    workdays = form.integer("workdays", least=1, most=actions.PROMISE_MOST)
    form.check()
    await actions.promise(request.reader, asked_id(request), workdays)
    return await after(request, asked_id(request))


async def still_needed(request: Request) -> Response:
    """Where the link of a mail leads: one button for who asked, "I still need this". Looking at it does nothing."""
    ticket = asked_id(request)
    if request.method == "POST":
        thread = await say_still_needed(request.reader, ticket)
        return await back_to_thread(request, thread, notice=_("It waits again. Your place in the queue is below."))
    row = await ticket_by_id(request.reader, ticket, is_team=False)
    if not row["is_requester"]:
        raise NotFound
    head = await thread_head(request.reader, row["thread_id"])
    return await page(request, "support/still_needed.html", ticket=row, head=head)


async def take_in(request: Request) -> Response:
    await actions.take_in(request.reader, asked_id(request))
    return await back_to_thread(request, asked_id(request))


async def bucket(request: Request) -> Response:
    """Re-bucket by kind, with one key or one click: into the project's first category of that kind."""
    thread = asked_id(request)
    category = await fetch_value(
        "select c.id from category c join thread t on t.project_id = c.project_id where t.id = $1 and c.kind = $2"
        " order by c.position, c.id limit 1",
        thread,
        request.path_params["kind"],
    )
    if category is None:
        raise NotFound
    await move_thread(request.reader, thread, category)
    return await back_to_thread(request, thread)


routes = [
    route("/tickets/{id}", ticket_place),
    route("/tickets/{id}/submission", submission, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/claim", claim, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/claim/delete", release, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/assignment", assign, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/resolution", resolution, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/reopening", reopening, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/promise", promise, access="signed_in", methods=("POST",)),
    route("/tickets/{id}/still-needed", still_needed, access="signed_in", methods=("GET", "POST")),
    route("/t/{id}/ticket", take_in, access="signed_in", methods=("POST",)),
    route("/t/{id}/bucket/{kind}", bucket, access="signed_in", methods=("POST",)),
]
