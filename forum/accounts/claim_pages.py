"""`/admin/claims`: an admin decides whose an imported name is, where nothing but a login is known of it."""

from starlette.responses import Response

from forum.accounts import claims
from forum.web.errors import Conflict, Invalid
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route


async def claims_page(request: Request, problem: Invalid | Conflict | None = None) -> Response:
    errors = {} if problem is None else problem.errors if isinstance(problem, Invalid) else {"": problem.message}
    return await page(
        request,
        "accounts/claims.html",
        200 if problem is None else problem.status,
        typed=request.fields if request.method == "POST" else request.query_params,
        errors=errors,
        claims=await claims.latest_claims(),
        request_csrf=request.csrf_token,
    )


async def listed(request: Request) -> Response:
    """The claims in force, and the form for another one (`?placeholder=` fills it)."""
    return await claims_page(request)


async def decide(request: Request) -> Response:
    """Decide one; audited, with its reason."""
    form = request.fields
    placeholder = form.text("placeholder", limit=100)
    username = form.text("username", limit=30)
    reason = form.text("reason", limit=claims.REASON_MOST)
    try:
        form.check()
        is_new = await claims.decide(request.reader, placeholder=placeholder, username=username, reason=reason)
    except (Invalid, Conflict) as problem:
        return await claims_page(request, problem)
    notice = _("What stood under %(placeholder)s is %(username)s's now.") if is_new else _("It was theirs already.")
    return redirect(request, "/admin/claims", notice % {"placeholder": placeholder, "username": username})


async def take_back(request: Request) -> Response:
    """End a claim that was wrong; audited."""
    reason = request.fields.text("reason", limit=claims.REASON_MOST, required=False)
    request.fields.check()
    await claims.take_back(request.reader, request.path_params["person"], reason)
    return redirect(request, "/admin/claims", _("The claim is taken back; the imported name stands for itself again."))


routes = [
    route("/admin/claims", listed, access="admin"),
    route("/admin/claims", decide, access="admin", methods=("POST",)),
    route("/admin/claims/{person:int}/delete", take_back, access="admin", methods=("POST",)),
]
