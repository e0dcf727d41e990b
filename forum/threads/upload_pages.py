"""The address of a file that hangs on a post."""

from urllib.parse import quote

from starlette.responses import Response

from forum.threads.uploads import PICTURES, upload_for
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route


async def upload(request: Request) -> Response:
    """A file: drawn where it is a picture, else saved; never run, whatever it is (trust.md C45)."""
    found = await upload_for(request.reader, request.path_params["upload"])
    if found is None:
        raise NotFound
    is_picture = found["type"] in PICTURES
    name = quote(found["name"], safe="")
    return Response(
        bytes(found["content"]),
        media_type=found["type"] if is_picture or found["type"] == "application/pdf" else "application/octet-stream",
        headers={
            "content-disposition": f"{'inline' if is_picture else 'attachment'}; filename*=UTF-8''{name}",
            "content-security-policy": "default-src 'none'; sandbox",
            "cache-control": "private, no-store" if found["visibility"] != "public" else "private, max-age=3600",
        },
    )


routes = [route("/uploads/{upload:int}", upload)]
