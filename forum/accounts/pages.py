"""The doors of the site: signing up, in and out, confirming an address, a new password."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from starlette.responses import RedirectResponse, Response

from forum.accounts import actions, moving_pages, preferences, rules, texts
from forum.accounts.parts import mail_lies
from forum.accounts.queries import email_of
from forum.web import parts, sessions
from forum.web.error_pages import carried, kept_still
from forum.web.errors import Forbidden, Invalid, Problem, ReadOnly, TooMany
from forum.web.i18n import _
from forum.web.limits import Counted, give_back, limit, network_of
from forum.web.middleware import set_cookie
from forum.web.pages import came_from, local_path, page, page_before, redirect
from forum.web.requests import Request
from forum.web.routing import route
from forum.web.switches import check_writable, switches_of

MINUTES = 60
HOUR = 60 * MINUTES


def client(request: Request) -> str:
    return network_of(request.client_address)


def headed(request: Request) -> str:
    """Where somebody goes on who is in: where the form or the address says, else back to the page that led here."""
    told = request.fields.get("next") or request.query_params.get("next")
    return local_path(told) if told else page_before(request)


async def form_page(
    request: Request, template: str, problem: Problem | None = None, /, status: int = 200, **more: Any
) -> Response:
    """A guest's form: empty, or as it was typed with what is wrong with it; texts that stood beside it still do."""
    form = request.fields
    errors: Mapping[str, str] = {}
    if problem is not None:
        errors = problem.errors if isinstance(problem, Invalid) else {"": problem.message}
        status = problem.status
    response = await page(
        request,
        template,
        status,
        typed=form,
        errors=errors,
        next=headed(request),
        back_to=headed(request),
        carry=carried(form),
        kept=kept_still(form),
        request_csrf=request.csrf_token,
        ways_in=request.settings.ways_in,
        **more,
    )
    if isinstance(problem, TooMany | ReadOnly):
        response.headers["retry-after"] = str(problem.retry_after)
    return response


async def enter(request: Request, person: int, notice: str = "") -> Response:
    """Sign in who filled in a form, which says where they were headed and what they wrote as a guest."""
    return await let_in(request, person, request.fields.get("next", "/"), carried(request.fields), notice)


async def let_in(request: Request, person: int, next: str, draft: Mapping[str, str], notice: str = "") -> Response:
    """Sign in under a new session id (trust.md B28), hand on what was written as a guest, go where it was headed."""
    if before := request.scope["haas.cookies"].get(sessions.COOKIE):
        await actions.sign_out(before)
    token = await actions.begin_session(person, request.headers.get("user-agent", ""), draft)
    set_cookie(request, sessions.COOKIE, token, int(sessions.LIFETIME.total_seconds()))
    return redirect(request, local_path(next), notice)


async def login(request: Request) -> Response:
    """The form to sign in; whoever is in goes on to where they were headed."""
    if request.reader.is_signed_in:
        return redirect(request, headed(request))
    return await form_page(request, "accounts/login.html")


async def sign_in(request: Request) -> Response:
    """Sign in. With `show` the form alone, which carries on what a guest wrote elsewhere."""
    form = request.fields
    if "show" in form:
        return await form_page(request, "accounts/login.html")
    counted: list[Counted] = []
    try:
        counted.append(await limit(f"sign-in:{client(request)}", most=30, seconds=10 * MINUTES))
        name = form.text("login", limit=254)
        form.check()
        # few tries from one network; many from all together, so that a stranger cannot lock somebody out
        counted.append(await limit(f"sign-in-as:{client(request)}:{name.lower()}", most=10, seconds=10 * MINUTES))
        counted.append(await limit(f"sign-in-as:{name.lower()}", most=200, seconds=10 * MINUTES))
        person = await actions.sign_in(name, form.get("password", "")[: rules.PASSWORD_MOST + 1])
    except (Invalid, TooMany) as problem:
        if isinstance(problem, TooMany):
            await give_back(*counted)
        return await form_page(request, "accounts/login.html", problem)
    # counted before the password was tried, so that guesses at once do not all pass; but only failures are guesses
    await give_back(*counted)
    return await enter(request, person)


async def signup(request: Request) -> Response:
    """The form to sign up."""
    if request.reader.is_signed_in:
        return redirect(request, headed(request))
    closed, why = await switches_of(request), ""
    if "no_sign_ups" in closed:
        why = _("This site takes no new members at the moment.")
    elif "read_only" in closed:
        why = _("This site can only be read for a while. Sign up later.")
    return await form_page(request, "accounts/signup.html", closed=why)


async def sign_up(request: Request) -> Response:
    """Sign up, and be signed in; the address is confirmed by the mail that follows. `show`: as for signing in."""
    form = request.fields
    if "show" in form:
        return await form_page(request, "accounts/signup.html")
    try:
        await check_writable(request)
        new = actions.SignUp(
            username=form.text("username", limit=100, required=False),
            email=form.text("email", limit=1000, required=False),
            password=form.get("password", ""),
            name=form.text("name", limit=1000, required=False),
        )
        await refuse_faults(request, new, form.errors | new.faults())
        await limit(f"sign-up:{client(request)}", most=20, seconds=HOUR)
        person = await actions.sign_up(new)
    except (Invalid, TooMany, Forbidden, ReadOnly) as problem:
        return await form_page(request, "accounts/signup.html", problem)
    return await enter(request, person, _("Welcome. You can write at once, and post when your address is confirmed."))


async def refuse_faults(
    request: Request, new: actions.SignUp, faults: Mapping[str, str], *, is_confirmed: bool = False
) -> None:
    """Raises Invalid where there are faults, with all that is wrong, in the order of the page.

    They cost nothing, so that whoever corrects a form is not stopped; what is taken is told along with them as long as not
    too much is asked for.
    """
    if not faults:
        return
    taken: Mapping[str, str] = {}
    with suppress(TooMany):
        await limit(f"sign-up-names:{client(request)}", most=60, seconds=HOUR)
        taken = await actions.taken_by_others(new, is_confirmed=is_confirmed)
    found = {**taken, **faults}
    raise Invalid({name: found[name] for name in ("username", "name", "email", "password") if name in found})


async def logout(request: Request) -> Response:
    """A page with a button: a link alone signs nobody out."""
    return await page(request, "accounts/logout.html", request_csrf=request.csrf_token)


async def sign_out(request: Request) -> Response:
    """End this session."""
    await actions.sign_out(request.scope["haas.cookies"].get(sessions.COOKIE, ""))
    set_cookie(request, sessions.COOKIE, "", 0)
    return redirect(request, "/", _("You are signed out."))


async def confirm(request: Request) -> Response:
    """Where the mailed link leads: a page with a button, since mail programs follow links by themselves (B26)."""
    return await confirm_page(request)


async def confirm_page(request: Request) -> Response:
    token = request.path_params["token"]
    is_alive = await actions.token_owner(token, "confirm") is not None
    return await page(
        request,
        "accounts/confirm.html",
        200 if is_alive else 404,
        token=token,
        is_alive=is_alive,
        request_csrf=request.csrf_token,
    )


async def confirm_address(request: Request) -> Response:
    """Confirm the address this token was mailed to; whoever has begun to write in this browser goes on with it."""
    try:
        person = await actions.confirm_email(request.path_params["token"])
    except Invalid:
        return await confirm_page(request)
    if not request.reader.is_signed_in:
        notice = _("Your address is confirmed. Sign in here, or go on where you are signed in already.")
        return redirect(request, "/login", notice)
    if request.reader.id != person:
        notice = _("The address is confirmed. It is another account's than the one you are signed in with here.")
        return redirect(request, "/", notice)
    begun = await parts.context("begun", request.reader)
    path = begun.get("path", "/")
    return redirect(request, path, _("Your address is confirmed. What you write can be posted now."))


async def send_confirmation(request: Request) -> Response:
    """Send the mail with the link again, to oneself; at most so often for one address and one client (B33)."""
    if request.reader.is_confirmed:
        return redirect(request, came_from(request), _("Your address is confirmed already."))
    email = await email_of(request.reader)
    await limit(f"mail-client:{client(request)}", most=10, seconds=HOUR)
    await limit(f"mail-to:{email.lower()}", most=4, seconds=HOUR)
    await actions.send_confirmation(request.reader.person)
    return redirect(request, came_from(request), _("A new mail is on its way to %(email)s.") % {"email": email})


async def reset(request: Request) -> Response:
    """The form that asks for a link to a new password."""
    return await form_page(request, "accounts/reset.html")


async def ask_reset(request: Request) -> Response:
    """Mail the link. Limits and answer are the same whether or not somebody has this address (trust.md B33, B34)."""
    try:
        email = request.fields.text("email", limit=254)
        if email and not rules.is_email(email):
            request.fields.fail("email", _("This does not look like an e-mail address."))
        request.fields.check()
        await limit(f"mail-client:{client(request)}", most=10, seconds=HOUR)
        await limit(f"mail-to:{email.lower()}", most=4, seconds=HOUR)
    except (Invalid, TooMany) as problem:
        return await form_page(request, "accounts/reset.html", problem)
    await actions.ask_reset(email)
    notice = _("If somebody has an account with this address, a mail with a link is on its way.")
    return redirect(request, "/login", f"{notice} {mail_lies(request)}".rstrip())


async def new_password(request: Request) -> Response:
    """Where the link of a reset leads: the form for the new password."""
    return await new_password_page(request)


async def new_password_page(request: Request, problem: Invalid | None = None) -> Response:
    token = request.path_params["token"]
    is_alive = await actions.token_owner(token, "reset") is not None
    return await page(
        request,
        "accounts/new_password.html",
        404 if not is_alive else 200 if problem is None else problem.status,
        token=token,
        is_alive=is_alive,
        errors={} if problem is None else problem.errors,
        request_csrf=request.csrf_token,
    )


async def set_password(request: Request) -> Response:
    """Set the new password; every session of the account ends."""
    try:
        await actions.reset_password(request.path_params["token"], request.fields.get("password", ""))
    except Invalid as problem:
        return await new_password_page(request, problem)
    set_cookie(request, sessions.COOKIE, "", 0)
    return redirect(
        request, "/login", _("Your password is changed, and you are signed out everywhere. Sign in with it.")
    )


async def well_known_change_password(request: Request) -> Response:
    """Where password managers look (W3C)."""
    return RedirectResponse("/reset", 302)


routes = [
    route("/login", login),
    route("/login", sign_in, methods=("POST",), while_read_only=True),
    route("/signup", signup),
    route("/signup", sign_up, methods=("POST",), while_read_only=True),
    route("/logout", logout),
    route("/logout", sign_out, methods=("POST",), while_read_only=True),
    route("/confirm", send_confirmation, access="signed_in", methods=("POST",)),
    route("/confirm/{token}", confirm),
    route("/confirm/{token}", confirm_address, methods=("POST",)),
    route("/reset", reset),
    route("/reset", ask_reset, methods=("POST",)),
    route("/reset/{token}", new_password),
    route("/reset/{token}", set_password, methods=("POST",)),
    route("/.well-known/change-password", well_known_change_password),
    *preferences.routes,
    *moving_pages.routes,
    *texts.routes,
]
