"""What a handler lets through and no column can hold is the sender's fault, not the site's (trust.md C56)."""

from starlette.responses import PlainTextResponse, Response

from forum.database.engine import execute, fetch_value
from forum.web.error_pages import error_page
from forum.web.middleware import Kernel
from forum.web.requests import Request
from forum.web.routing import FirstWord, route
from tests.helpers.site import Site


async def looks(request: Request) -> Response:
    return PlainTextResponse(
        str(await fetch_value("select id from thread where id = $1", int(request.query_params["id"])))
    )


async def keeps(request: Request) -> Response:
    await execute("update person set name = $1", request.fields["name"] + "\0")
    return PlainTextResponse("kept")


async def test_what_no_column_can_hold_is_nobodys_id_and_stands_in_no_form(site: Site) -> None:
    browser = await site.member("ana")
    routes = [route("/looks", looks), route("/keeps", keeps, methods=("POST",))]
    site.app = Kernel(FirstWord(routes), site.settings, error_page)
    browser.http._transport.app = site.app  # type: ignore[attr-defined]
    assert (await browser.get("/looks?id=1")).status_code == 200
    assert (await browser.get(f"/looks?id={2**63}")).status_code == 404
    refused = await browser.post("/keeps", {"name": "Ana"})
    assert refused.status_code == 422 and "Something in it cannot be kept." in refused.text
    assert "asyncpg" not in refused.text
