"""Every mail the site sends, with made-up contents: as text, and as HTML in the light and in the dark."""

from typing import Final

from starlette.responses import HTMLResponse, Response

from forum.mail.letters import Letter
from forum.mail.samples import as_seen, names, sample
from forum.web.errors import NotFound
from forum.web.middleware import CSP
from forum.web.pages import page
from forum.web.requests import Request
from forum.web.routing import route

LOOKS: Final = ("light", "dark")
# A page that frames mails of its own, and the mail in the frame: its looks stand in its elements; nothing else of it counts.
FRAMING: Final = f"{CSP}; frame-src 'self'"
FRAMED: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)


def framed(letter: Letter, look: str) -> Response:
    """A mail's HTML as an answer that can do nothing. Raises NotFound for a look there is not."""
    if look not in LOOKS:
        raise NotFound
    return HTMLResponse(as_seen(letter, look), headers={"content-security-policy": FRAMED})


async def framing(request: Request, template: str, status: int = 200, /, **context: object) -> Response:
    """A page that shows mails in frames."""
    made = await page(request, template, status, **context)
    made.headers["content-security-policy"] = FRAMING
    return made


async def previews(request: Request) -> Response:
    """`/admin/mail/preview`: all of them, one below the other."""
    found = [(name, letter) for name in names() if (letter := sample(name, request.settings))]
    return await framing(request, "mail/previews.html", mails=found, looks=LOOKS)


async def preview(request: Request) -> Response:
    """One mail's HTML, for the frame."""
    letter = sample(request.path_params["template"], request.settings)
    if letter is None:
        raise NotFound
    return framed(letter, request.path_params["look"])


routes = [
    route("/admin/mail/preview", previews, access="admin"),
    route("/admin/mail/preview/{template}/{look}", preview, access="admin"),
]
