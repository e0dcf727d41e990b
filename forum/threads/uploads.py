"""Files that hang on posts: what they are is read off their bytes, and who sees the post sees them."""

import re
import struct
import unicodedata
from typing import Final

from forum.database.engine import Row, execute, fetch_one
from forum.threads.visibility import visible_post, visible_thread
from forum.web.errors import Invalid
from forum.web.i18n import _
from forum.web.reader import Reader

SIZE_MOST: Final = 10_000_000
NAME_MOST: Final = 100
# A picture of more pixels is a file to save, not to draw (a small file may unfold to gigabytes).
PIXELS_MOST: Final = 50_000_000
# Types that a browser may draw in a page of ours: none of them can carry a script.
PICTURES: Final = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
ENDINGS: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz",
    "text/plain": "txt",
}


def type_of(content: bytes) -> str:
    """The type of bytes by what they are; text is text whatever it says it is, and all else is a file to save."""
    for magic, kind in MAGIC:
        if content.startswith(magic):
            return (
                kind
                if kind not in PICTURES or 0 < pixels_of(content, kind) <= PIXELS_MOST
                else "application/octet-stream"
            )
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp" if 0 < pixels_of(content, "image/webp") <= PIXELS_MOST else "application/octet-stream"
    try:
        return "text/plain" if "\0" not in content.decode() else "application/octet-stream"
    except UnicodeDecodeError:
        return "application/octet-stream"


def pixels_of(content: bytes, kind: str) -> int:
    """Width times height as a picture's head says; 0 where it says nothing."""
    try:
        if kind == "image/png":
            width, height = struct.unpack(">II", content[16:24])
        elif kind == "image/gif":
            width, height = struct.unpack("<HH", content[6:10])
        elif kind == "image/webp":
            width, height = webp_size(content)
        else:
            width, height = jpeg_size(content)
    except (struct.error, IndexError):
        return 0
    return int(width * height)


def webp_size(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while at < len(content) - 9 and content[at] == 0xFF:
        mark = content[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int(struct.unpack(">H", content[at + 2 : at + 4])[0])
    return 0, 0


def name_for(told: str, kind: str) -> str:
    """A name that is safe to show and to save under: one part, no dots in front, nothing that draws nothing (C46)."""
    plain = unicodedata.normalize("NFC", told)
    plain = "".join(c for c in plain if unicodedata.category(c)[0] != "C" and c not in '<>:"/\\|?*[]()`')
    plain = re.sub(r"\s+", " ", plain).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ENDINGS.get(kind, "bin")
    return f"{stem.strip('. ')[: NAME_MOST - 12] or _('file')}.{ending[:10]}"


async def keep_upload(person: int, told: str, content: bytes) -> Row:
    """Keep a file of a person's, which hangs on nothing yet: (id, name, type, size). Raises Invalid where it is too large
    or empty."""
    if not 0 < len(content) <= SIZE_MOST:
        raise Invalid({"file": _("A file of at most 10 MB.")})
    kind = type_of(content)
    row = await fetch_one(
        "insert into upload (person_id, name, type, size, content) values ($1, $2, $3, $4, $5)"
        " returning id, name, type, size",
        person,
        name_for(told, kind),
        kind,
        len(content),
        content,
    )
    assert row is not None
    return row


def markdown_for(upload: Row) -> str:
    """How a post shows a file: a picture in its place, all else as a link with its size."""
    url = f"/uploads/{upload['id']}"
    if upload["type"] in PICTURES:
        return f"![{upload['name']}]({url})"
    size = upload["size"]
    shown = f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1000)} kB"
    return f"[{upload['name']}]({url}) ({shown})"


async def hang_uploads(uploads: list[int], thread: int, post: int) -> None:
    """Let files be seen with a post."""
    await execute("update upload set thread_id = $2, post_id = $3 where id = any($1::bigint[])", uploads, thread, post)


async def upload_for(reader: Reader, upload: int) -> Row | None:
    """A file with its content, for who may see the post it hangs on; None for everybody else, and once the post is gone."""
    return await fetch_one(
        "select u.id, u.name, u.type, u.size, u.content, t.visibility from upload u join post p on p.id = u.post_id"
        # the thread that the post stands in now: it may have been moved since the file was brought
        " join thread t on t.id = p.thread_id where u.id = $1 and p.deleted_at is null"
        f" and {visible_thread('t', '$2')} and {visible_post('p', 't', '$2')}",
        upload,
        reader.id,
    )


async def forget_uploads() -> None:
    """The daily job: files that have hung on nothing for a day are gone."""
    await execute("delete from upload where post_id is null and created_at < now() - interval '1 day'")
