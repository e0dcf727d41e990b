"""The outbox as admins see it: envelopes always, texts only on a machine of one's own."""

from starlette.responses import Response

from forum.mail.outbox import shows_bodies
from forum.mail.queries import PAGE, envelopes, mail_text
from forum.web.errors import NotFound
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route


async def mails(request: Request) -> Response:
    """Who was written to, when, and whether it left."""
    before = request.query_params.get("before", "")
    found = await envelopes(int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None)
    return await page(
        request,
        "mail/mails.html",
        mails=found[:PAGE],
        older=f"/admin/mail?before={found[PAGE - 1]['id']}" if len(found) > PAGE else "",
        shows_bodies=shows_bodies(request.settings),
        has_smtp=bool(request.settings.smtp_url),
    )


async def mail(request: Request) -> Response:
    """One mail's text; there is no such page when SMTP is set or others can reach the site (interfaces.md)."""
    if not shows_bodies(request.settings):
        raise NotFound
    found = await mail_text(request.path_params["mail"])
    if found is None:
        raise NotFound
    return await page(request, "mail/mail.html", mail=found)


routes = [
    route("/admin/mail", mails, access="admin"),
    route("/admin/mail/{mail:int}", mail, access="admin"),
]
