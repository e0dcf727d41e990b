"""The pages of another e-mail address: the form among one's preferences, and where the mailed link leads."""

from starlette.responses import Response

from forum.accounts import moving
from forum.accounts.identities import has_password
from forum.accounts.preferences import own
from forum.accounts.queries import email_of
from forum.web.errors import Invalid, Problem, TooMany
from forum.web.i18n import _
from forum.web.limits import limit, network_of
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route


async def address(request: Request) -> Response:
    """`/u/{username}/preferences/address`: the form."""
    own(request)
    return await address_page(request)


async def address_page(request: Request, problem: Problem | None = None) -> Response:
    errors = {} if problem is None else problem.errors if isinstance(problem, Invalid) else {"": problem.message}
    return await page(
        request,
        "accounts/address.html",
        200 if problem is None else problem.status,
        email=await email_of(request.reader),
        has_password=await has_password(request.reader.person),
        typed=request.fields.get("email", "") if problem else "",
        errors=errors,
    )


async def change_address(request: Request) -> Response:
    """Mail the link; the answer is the same whether or not somebody has the address (trust.md B33 to B35)."""
    own(request)
    try:
        email = request.fields.text("email", limit=254)
        password = request.fields.get("password", "")[:1000]
        request.fields.check()
        await limit(f"mail-client:{network_of(request.client_address)}", most=10, seconds=3600)
        await moving.ask_to_move(request.reader, email, password)
    except (Invalid, TooMany) as problem:
        return await address_page(request, problem)
    notice = _("A mail with a link is on its way to %(email)s. Your address stays as it is until you follow it.")
    return redirect(request, f"/u/{request.reader.username}/preferences", notice % {"email": email})


async def follow(request: Request) -> Response:
    """Where the link leads: a page with a button, since mail programs follow links by themselves (trust.md B26)."""
    return await follow_page(request)


async def follow_page(request: Request) -> Response:
    token = request.path_params["token"]
    found = await moving.move_of(token)
    return await page(
        request,
        "accounts/move.html",
        200 if found else 404,
        found=found,
        token=token,
        request_csrf=request.csrf_token,
    )


async def followed(request: Request) -> Response:
    """Make it the new address."""
    try:
        await moving.move(request.path_params["token"])
    except Invalid:
        return await follow_page(request)
    path = f"/u/{request.reader.username}/preferences" if request.reader.is_signed_in else "/login"
    return redirect(request, path, _("This is your address from now on."))


routes = [
    route("/u/{username}/preferences/address", address, access="signed_in"),
    route("/u/{username}/preferences/address", change_address, access="signed_in", methods=("POST",)),
    route("/address/{token}", follow),
    route("/address/{token}", followed, methods=("POST",)),
]
