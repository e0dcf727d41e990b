"""What a person is told when something was refused or broke: what happened, what was kept, what to do."""

import re
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from forum.web.errors import Problem, SignInFirst
from forum.web.pages import came_from, page
from forum.web.requests import Form, Request
from forum.web.templates import fragment

log = structlog.get_logger()
# What a guest wrote and wanted to send travels through signing in and up under these names.
CARRIED = ("title", "body", "project", "category", "private", "capacity", "only_team", "verbatim")
# … and the answers to the questions of a project's form.
ANSWER = re.compile(r"(?:draft_)?(field-[1-9][0-9]{0,17})")
# What a thread is called is told to nobody who may not see it, not even by who asked with its name.
THREAD = re.compile(r"/t/(?:[^/]+/)?([1-9][0-9]{0,17})(?:/[0-9]+)?")
# Never shown again, whatever it holds.
CONCEALED = frozenset({"csrf", "password", "next"})
# htmx puts these answers where the action was; static/js/app.js tells the others by their X-Message.
SWAPPED = frozenset({409, 422})


def carried(form: Form) -> dict[str, str]:
    """What a guest wrote, whether sent from the form itself (`title`) or carried already (`draft_title`)."""
    found = {name: form.get(f"draft_{name}") or form.get(name, "") for name in CARRIED}
    # the field of every composer
    found["body"] = found["body"] or form.get("markdown", "")
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
        carry, back = carried(request.fields), came_from(request)
        return await page(
            request,
            "accounts/login.html",
            problem.status,
            typed={},
            errors={},
            next=without_prefill(back) if carry else back,
            carry=carry,
            request_csrf=request.csrf_token,
            ways_in=request.settings.ways_in,
        )
    asked = THREAD.fullmatch(request.scope["path"])
    return await page(
        request,
        "error.html",
        problem.status,
        message=problem.message,
        thread=f"/t/{asked[1]}" if asked else "",
        status=problem.status,
        kept=prose(request.fields),
    )


def note(request: Request, problem: Problem) -> Response:
    """The fragment for htmx; where no form of its own answers, it stands above the page."""
    html = fragment(
        "error_note.html",
        message=problem.message,
        is_sign_in=isinstance(problem, SignInFirst),
        is_write=request.method not in ("GET", "HEAD"),
        next=came_from(request),
    )
    headers = {"x-message": problem.message.encode("latin-1", "replace").decode("latin-1")}
    if problem.status in SWAPPED:
        headers |= {"hx-retarget": "#flash", "hx-reswap": "innerHTML"}
    return HTMLResponse(html, problem.status, headers)
