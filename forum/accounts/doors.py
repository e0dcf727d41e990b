"""Coming in by way of somebody who vouches: GitHub, or a provider of OpenID Connect.

`/login/with/{provider}` begins, the provider asks, `/login/with/{provider}/callback` hears the answer. Whatever does not
hold signs nobody in, and says so.
"""

from collections.abc import Awaitable, Callable

import structlog
from starlette.responses import Response

from forum.accounts import attempts, identities
from forum.accounts.actions import SignUp
from forum.accounts.attempts import Attempt, Newcomer
from forum.accounts.pages import HOUR, MINUTES, client, let_in, refuse_faults
from forum.accounts.preferences import own
from forum.accounts.providers import NotProven, Proof, Provider, Secrets, find_provider, known_providers, named
from forum.web.error_pages import carried
from forum.web.errors import Conflict, Forbidden, Invalid, Problem, TooMany
from forum.web.i18n import _
from forum.web.limits import limit
from forum.web.pages import local_path, page, redirect
from forum.web.requests import Request
from forum.web.routing import route

log = structlog.get_logger()

# What else people go to a provider for than to sign in: upper rooms register who hears the answer, in `forum/wiring.py`.
Errand = Callable[[Request, Provider, Attempt], Awaitable[Response]]
_errands: dict[str, Errand] = {}


def register(name: str, errand: Errand) -> None:
    """Let the answers to attempts of this errand be heard; `forum/wiring.py` alone does this."""
    _errands[name] = errand


def provider_of(request: Request) -> Provider:
    return find_provider(request.settings, request.path_params["provider"])


def callback_address(request: Request, provider: Provider) -> str:
    """Where the provider sends people back to: of this site, one address for each provider (against mix-ups)."""
    return f"{request.settings.base_url}/login/with/{provider.name}/callback"


async def refused(request: Request, label: str, message: str, status: int, why: str) -> Response:
    """Nobody is signed in; why, is written down without anything secret."""
    log.info("not signed in", provider=request.path_params["provider"], why=why)
    return await page(request, "accounts/not_signed_in.html", status, label=label, message=message)


async def onward(request: Request, provider: Provider, made: Secrets) -> Response:
    """A page that leads on to the provider at once. It is a page and no redirect, since the Content-Security-Policy lets
    a form lead to this site alone, whatever the provider redirects to."""
    try:
        address = await provider.address(made, callback_address(request, provider))
    except NotProven as error:
        return await refused(request, provider.label, error.message, error.status, error.why)
    return await page(request, "accounts/onward.html", label=provider.label, address=address)


async def begin(request: Request) -> Response:
    """Begin to sign in, or up, with a provider."""
    provider = provider_of(request)
    next = local_path(request.fields.get("next", "/"))
    if request.reader.is_signed_in:
        return redirect(request, next)
    await limit(f"sign-in-with:{client(request)}", most=60, seconds=10 * MINUTES)
    made = await attempts.begin(provider.name, request.bearer, next=next, draft=carried(request.fields))
    return await onward(request, provider, made)


async def answered(request: Request) -> Response:
    """The provider's answer: believed once, in the browser that began, and after everything in it was checked."""
    provider, query = provider_of(request), request.query_params
    attempt = await attempts.take(query.get("state", ""), request.bearer)
    if attempt is None:
        message = _("This answer belongs to no sign-in that began in this browser, or it came too late, or twice.")
        return await refused(request, provider.label, message, 400, "no such state in this browser")
    if attempt.provider != provider.name:
        message = _("This answer is of somebody else than was asked.")
        return await refused(request, provider.label, message, 400, f"begun at {attempt.provider}")
    if attempt.errand:
        return await _errands[attempt.errand](request, provider, attempt)
    if "error" in query or not query.get("code"):
        return await declined(request, provider, query.get("error", ""))
    try:
        proof = await provider.prove(attempt.made, callback_address(request, provider), query)
    except NotProven as error:
        return await refused(request, provider.label, error.message, error.status, error.why)
    try:
        return await proven(request, provider, attempt, proof)
    except (Conflict, Forbidden) as problem:
        return await refused(request, provider.label, problem.message, problem.status, problem.kind)


async def declined(request: Request, provider: Provider, error: str) -> Response:
    """The provider sent somebody back without a code."""
    if error == "access_denied":
        message = _("%(label)s says that you did not agree.") % {"label": provider.label}
    else:
        message = _("%(label)s refused, and called it “%(error)s”.") % {"label": provider.label, "error": named(error)}
    return await refused(request, provider.label, message, 400, f"error {named(error)}")


async def proven(request: Request, provider: Provider, attempt: Attempt, proof: Proof) -> Response:
    """What follows from knowing who somebody is there. Raises Conflict and Forbidden."""
    if attempt.person is not None:
        if attempt.person != request.reader.id:
            raise Conflict(_("Somebody else is signed in here by now."))
        await identities.link(request.reader, proof, provider.label)
        notice = _("From now on you can sign in with %(label)s.") % {"label": provider.label}
        return redirect(request, f"/u/{request.reader.username}/preferences", notice)
    person = await identities.sign_in_with(proof)
    if person is not None:
        return await let_in(request, person, attempt.next, attempt.draft)
    await attempts.keep_proof(attempt, proof)
    return redirect(request, f"/signup/with/{provider.name}")


async def newcomer_page(
    request: Request, provider: Provider, found: Newcomer, problem: Problem | None = None
) -> Response:
    """The form of somebody new: a username, and an address where the provider told none that is theirs."""
    proof, form = found.proof, request.fields
    typed = {name: form[name] for name in ("username", "name", "email") if name in form}
    if not typed:
        typed = {"username": await identities.free_username(proof.login), "name": proof.name, "email": proof.email}
    errors = {} if problem is None else problem.errors if isinstance(problem, Invalid) else {"": problem.message}
    response = await page(
        request,
        "accounts/signup_with.html",
        200 if problem is None else problem.status,
        label=provider.label,
        provider=provider.name,
        typed=typed,
        errors=errors,
        verified=proof.email if proof.is_verified else "",
        is_taken=await identities.is_taken(proof),
        login=proof.login,
        carry=found.draft,
        request_csrf=request.csrf_token,
    )
    if isinstance(problem, TooMany):
        response.headers["retry-after"] = str(problem.retry_after)
    return response


async def found_newcomer(request: Request, provider: Provider) -> Newcomer | Response:
    """The newcomer of this browser, else the way back to where it begins."""
    if request.reader.is_signed_in:
        return redirect(request, "/")
    found = await attempts.newcomer(provider.name, request.bearer)
    if found is None:
        notice = _("That took too long, or was sent already. Continue with %(label)s once more.")
        return redirect(request, "/login", notice % {"label": provider.label})
    return found


async def choose(request: Request) -> Response:
    """`/signup/with/{provider}`: choose a username."""
    provider = provider_of(request)
    found = await found_newcomer(request, provider)
    return found if isinstance(found, Response) else await newcomer_page(request, provider, found)


async def join(request: Request) -> Response:
    """Sign up with what the provider vouched for, and be signed in."""
    provider, form = provider_of(request), request.fields
    found = await found_newcomer(request, provider)
    if isinstance(found, Response):
        return found
    new = SignUp(
        username=form.text("username", limit=100, required=False),
        email=form.text("email", limit=1000, required=False),
        password="",
        name=form.text("name", limit=1000, required=False),
    )
    try:
        faults = form.errors | new.faults_without_password()
        await refuse_faults(request, new, faults, is_confirmed=identities.is_vouched_for(new, found))
        await limit(f"sign-up:{client(request)}", most=20, seconds=HOUR)
        person = await identities.sign_up_with(new, found)
    except (Invalid, Conflict, Forbidden, TooMany) as problem:
        return await newcomer_page(request, provider, found, problem)
    return await let_in(request, person, found.next, found.draft, _("Welcome."))


async def add(request: Request) -> Response:
    """Begin to add an identity to one's account: asked for here by a form with its token, proven there."""
    own(request)
    provider = find_provider(request.settings, request.fields.get("provider", ""))
    identities.check_may_link(request.reader)
    await limit(f"sign-in-with:{client(request)}", most=60, seconds=10 * MINUTES)
    path = f"/u/{request.reader.username}/preferences"
    made = await attempts.begin(provider.name, request.bearer, next=path, person=request.reader.person)
    return await onward(request, provider, made)


async def remove(request: Request) -> Response:
    """Take an identity away, never the last way in."""
    own(request)
    providers = known_providers(request.settings)
    gone = await identities.unlink(request.reader, request.path_params["identity"], providers)
    notice = _("%(label)s does not sign you in any more.") % {"label": providers.get(gone, gone)}
    return redirect(request, f"/u/{request.reader.username}/preferences", notice)


routes = [
    route("/login/with/{provider}", begin, methods=("POST",), while_read_only=True),
    route("/login/with/{provider}/callback", answered),
    route("/signup/with/{provider}", choose),
    route("/signup/with/{provider}", join, methods=("POST",)),
    route("/u/{username}/identities", add, access="signed_in", methods=("POST",)),
    route("/u/{username}/identities/{identity:int}/delete", remove, access="signed_in", methods=("POST",)),
]
