"""`/admin/site`: the switches with which an admin closes parts of the site for a while."""

from starlette.responses import Response

from forum.accounts import switches
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.pages import page, redirect
from forum.web.requests import Request
from forum.web.routing import route


def described() -> dict[str, tuple[str, str]]:
    """What each switch is called, and what follows from it."""
    return {
        "read_only": (
            _("Read only"),
            _("Nobody writes anything; reading, signing in and out go on, and so do jobs, imports and commands."),
        ),
        "no_sign_ups": (_("No new members"), _("Nobody signs up; those who are members go on as before.")),
        "no_payments": (
            _("No payments"),
            _("Nobody orders a bump; what was ordered can still be paid, and is booked when its money comes."),
        ),
    }


async def switches_page(request: Request, problem: Invalid | None = None, at: str = "") -> Response:
    words = described()
    rows = [
        dict(row) | {"label": words[row["name"]][0], "hint": words[row["name"]][1]} for row in await switches.switches()
    ]
    return await page(
        request,
        "accounts/site.html",
        200 if problem is None else problem.status,
        rows=rows,
        errors={} if problem is None else problem.errors,
        at=at,
        typed=request.fields.get("reason", ""),
        reason_most=switches.REASON_MOST,
    )


async def listed(request: Request) -> Response:
    """The switches, who turned each, when and why."""
    return await switches_page(request)


async def turn(request: Request) -> Response:
    """Turn one on (`on` 1, with a reason) or off (`on` 0); audited."""
    form, name = request.fields, request.path_params["switch"]
    reason = form.text("reason", limit=switches.REASON_MOST, required=False)
    on = form.choice("on", ("0", "1")) == "1"
    try:
        form.check()
        turned = await switches.turn(request.reader, name, reason, on=on)
    except Invalid as problem:
        return await switches_page(request, problem, name)
    label = described()[name][0]
    notice = (_("“%(label)s” is on now.") if on else _("“%(label)s” is off now.")) % {"label": label}
    return redirect(request, "/admin/site", notice if turned else _("It stood so already."))


routes = [
    route("/admin/site", listed, access="admin"),
    # the way back out of read only is a write
    route("/admin/site/{switch}", turn, access="admin", methods=("POST",), while_read_only=True),
]
