"""What a person is told when something was refused or broke: what happened, what was kept, what to do."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from forum.web.errors import Problem, SignedOut, SignInFirst, TooMany
from forum.web.i18n import _
from forum.web.middleware import BODY_LIMIT
from forum.web.pages import came_from, page
from forum.web.requests import Form, Request
from forum.web.templates import fragment

log = structlog.get_logger()
# What a guest wrote and wanted to send travels through signing in and up under these names.
CARRIED = ("title", "body", "for", "purpose", "project", "category", "private", "capacity", "only_team", "verbatim")
# … of a change of a post this too
CHANGED = ("upon", "tags", "reason")
# … and the answers to the questions of a project's form.
ANSWER = re.compile(r"(?:draft_)?(field-[1-9][0-9]{0,17})")
# What a thread is called is told to nobody who may not see it, not even by who asked with its name.
THREAD = re.compile(r"/t/(?:[^/]+/)?([1-9][0-9]{0,17})(?:/[0-9]+)?")
# Never shown again, whatever it holds.
CONCEALED = frozenset({"csrf", "password", "next"})
# The most that the form to sign in sends, with what is carried and kept: the fields in the form itself take the rest.
SENT_MOST, FIELDS_MOST = BODY_LIMIT * 9 // 10, 150
# htmx puts these answers where the action was; static/js/app.js tells the others by their X-Message.
SWAPPED = frozenset({409, 422})


def carried(form: Form) -> dict[str, str]:
    """What a guest wrote, whether sent from the form itself (`title`) or carried already (`draft_title`), and under which
    key it is kept as their draft (`for`); nothing where there are no words."""
    is_change = (form.get("draft_for") or form.get("for", "")).startswith("post:")
    names = CARRIED + CHANGED if is_change else CARRIED
    found = {name: form.get(f"draft_{name}") or form.get(name, "") for name in names}
    # the field of every composer
    found["body"] = found["body"] or form.get("markdown", "")
    if not found["title"].strip() and not found["body"].strip():
        return {}
    # what is for the team alone stays so; no button's purpose is carried
    found["purpose"] = "whisper" if "whisper" in (*form.all("purpose"), found["purpose"]) else ""
    for name in form:
        if answered := ANSWER.fullmatch(name):
            found[answered[1]] = form[name]
    return {name: value.replace("\r\n", "\n").replace("\0", "") for name, value in found.items() if value.strip()}


def without_prefill(path: str) -> str:
    """The address of a form without the words it came prefilled with: it is filled from what is carried."""
    path, _mark, query = path.partition("?")
    left = urlencode([(name, value) for name, value in parse_qsl(query) if name not in ("title", "body")])
    return f"{path}?{left}" if left else path


def prose(form: Form) -> list[str]:
    """The texts in a form that somebody would be sorry to lose."""
    values = [value.strip() for name in form if name not in CONCEALED for value in form.all(name)]
    return [value for value in values if " " in value or "\n" in value]


def kept_beside(form: Form, carry: Mapping[str, str]) -> list[str]:
    """The texts that are not carried along: they are given back, to copy."""
    carried = {value.strip() for value in carry.values()}
    return [text for text in prose(form) if text.replace("\r\n", "\n") not in carried]


def kept_still(form: Form) -> list[str]:
    """The same once more, out of the form to sign in or up beside which they stood."""
    return [text.replace("\r\n", "\n") for text in form.all("kept")]


def fits(carry: Mapping[str, str], kept: list[str]) -> bool:
    """Whether texts that are given back can be sent with the form to sign in, beside what is carried along."""
    sent = urlencode([*carry.items(), *(("kept", text) for text in kept)]).replace("%0D", "").replace("%0A", "%0D%0A")
    return len(sent) <= SENT_MOST and len(carry) + len(kept) <= FIELDS_MOST


def message_of(request: Request, problem: Problem) -> str:
    """The message, and that a text is kept where there is one."""
    if isinstance(problem, SignedOut | TooMany) and (carried(request.fields) or prose(request.fields)):
        return f"{problem.message} {_('Your text is kept.')}"
    return problem.message


def way_back(request: Request, carry: Mapping[str, str]) -> str:
    """Where who signs in goes on with what they wrote: where the form stood, and not where it was sent to."""
    back = came_from(request)
    kind, _colon, thread = carry.get("for", "").partition(":")
    if kind != "thread":
        return without_prefill(back) if carry else back
    # without script a preview stands at an address that only takes forms; and not every browser says where it was
    is_told = back != "/" and not back.startswith(request.scope["path"])
    return (back if is_told else f"/t/{thread}") + "#reply"


async def error_page(request: Request, problem: Problem) -> Response:
    """The answer to a browser for `problem`: the sign-in form, a fragment for htmx, or a page."""
    try:
        return await told(request, problem)
    except Exception:
        # the page itself needs what is broken: the database, or the assets
        log.error("no error page", path=request.scope["path"], exc_info=True)
        return PlainTextResponse(f"{problem.message}\n", problem.status)


async def told(request: Request, problem: Problem) -> Response:
    if request.is_htmx:
        return note(request, problem)
    if isinstance(problem, SignInFirst):
        is_over, carry = isinstance(problem, SignedOut), carried(request.fields)
        if is_over and "for" not in carry:
            # no draft goes on there
            carry = {}
        kept, back = kept_beside(request.fields, carry), way_back(request, carry)
        return await page(
            request,
            "accounts/login.html",
            problem.status,
            typed={},
            errors={},
            next=back,
            back_to=back,
            carry=carry,
            is_over=is_over,
            kept=kept,
            kept_fits=fits(carry, kept),
            request_csrf=request.csrf_token,
            ways_in=request.settings.ways_in,
        )
    asked = THREAD.fullmatch(request.scope["path"])
    return await page(
        request,
        "error.html",
        problem.status,
        message=message_of(request, problem),
        thread=f"/t/{asked[1]}" if asked else "",
        status=problem.status,
        kept=prose(request.fields),
    )


def note(request: Request, problem: Problem) -> Response:
    """The fragment for htmx; where no form of its own answers, it stands above the page."""
    message = message_of(request, problem)
    html = fragment(
        "error_note.html",
        message=message,
        is_sign_in=isinstance(problem, SignInFirst),
        is_write=request.method not in ("GET", "HEAD"),
        next=came_from(request),
    )
    headers = {"x-message": message.encode("latin-1", "replace").decode("latin-1")}
    if problem.status in SWAPPED:
        headers |= {"hx-retarget": "#flash", "hx-reswap": "innerHTML"}
    return HTMLResponse(html, problem.status, headers)
