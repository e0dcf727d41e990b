"""Pages that are the same for many are kept compressed, and answered as they are to whoever takes gzip."""

import re
from functools import lru_cache

from isal import isal_zlib
from starlette.responses import Response

from forum.web.requests import Request

# zlib's name for the frame of gzip; level 1 of this library takes a quarter of the time that zlib's does
FRAME, LEVEL = 31, 1


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3; a weight of 0 means no)."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
    return False


def pack(page: bytes) -> bytes:
    """A page as gzip."""
    return isal_zlib.compress(page, LEVEL, FRAME)


def unpack(packed: bytes) -> bytes:
    """The page that was packed."""
    return isal_zlib.decompress(packed, FRAME)


def is_personal(request: Request) -> bool:
    """Whether a token was put into the page of this request, or a cookie goes with it: then nobody else may get it."""
    return "haas.personal" in request.scope or "haas.set_cookies" in request.scope


class Known(Response):
    """A page whose few headers are bytes already: one that is kept is answered a thousand times."""

    def __init__(self, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        self.status_code, self.background, self.body = 200, None, body
        length = (b"content-length", str(len(body)).encode())
        self.raw_headers = [length, (b"content-type", b"text/html; charset=utf-8"), *headers]


VARY = (b"vary", b"Cookie, Accept-Encoding")
GZIP = (b"content-encoding", b"gzip")


def packed_page(request: Request, packed: bytes, tag: str = "") -> Response:
    """A packed page for this client, with its ETag. Only for pages that everybody gets alike: where a secret stands beside
    what others can put there, the length of what was compressed tells it bit by bit (BREACH)."""
    told = (VARY, (b"etag", tag.encode())) if tag else (VARY,)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Known(packed, GZIP, *told)
    return Known(unpack(packed), *told)
