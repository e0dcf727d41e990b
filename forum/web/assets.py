"""The files a browser keeps for ever (our CSS, JavaScript, icons, and htmx), each named after a hash of its content."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypedDict

from starlette.types import Receive, Scope, Send

from forum.web.packed import takes_gzip

ROOT: Final = Path(__file__).resolve().parents[2]
STATIC: Final = ROOT / "static"
HTMX: Final = ROOT / "node_modules" / "htmx.org" / "dist" / "htmx.min.js"
MANIFEST: Final = "manifest.json"
#: Raised with every change of what this module makes out of the same sources, so that old builds are not taken.
RECIPE: Final = 1

TYPES: Final = {
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
#: A year, the longest RFC 9111 caches keep; the name changes with the content, so it is never asked for again.
FOREVER: Final = b"public, max-age=31536000, immutable"

_IMPORT_CSS = re.compile(r'@import "([^"]+)";\n?')
_IMPORT_JS = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])\./([\w-]+\.js)\2""")
_COMMENT_OR_STRING = re.compile(r"(/\*.*?\*/)|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)


class Manifest(TypedDict):
    """What `manifest.json` holds: the sources' fingerprint, and the hashed name of each file."""

    stamp: str
    names: dict[str, str]


class AssetsMissing(RuntimeError):
    """Something that is installed, not written by us, is not there yet; the message says what to run."""


@dataclass(frozen=True, slots=True)
class File:
    """One built file: its bytes as they are and, where that is smaller, compressed."""

    body: bytes
    packed: bytes | None
    kind: bytes


@dataclass(slots=True)
class Assets:
    """What was built: the hashed name of each file, and the bytes of all files that may still be asked for.

    Call it as an ASGI application to serve `/static/…`; give it to the templates for `url`.
    """

    names: dict[str, str]
    files: dict[str, File]
    source: Path
    htmx: Path
    stamp: str
    prefix: str = "/static/"
    urls: dict[str, str] = field(default_factory=dict)
    #: Address of the icons' sprite: an attribute, since a page asks for it dozens of times.
    icons: str = ""

    def __post_init__(self) -> None:
        """Write the addresses down once."""
        self.urls = {name: self.prefix + built for name, built in self.names.items()}
        self.icons = self.urls["icons.svg"]

    @classmethod
    def load(cls, source: Path = STATIC, htmx: Path = HTMX) -> Assets:
        """Return the assets of `source`, building them when a source changed since the last build.

        Raises AssetsMissing when htmx is neither installed nor in an earlier build. A folder that cannot be
        written (a read-only image) is no error: then the build lives in memory alone.
        """
        dist = source / "dist"
        kept = _read_manifest(dist)
        stamp = _stamp(source, htmx)
        if kept["stamp"] == stamp and all((dist / n).is_file() for n in kept["names"].values()):
            return cls(kept["names"], _read_files(dist), source, htmx, stamp)
        built = _build(source, _htmx_text(htmx, dist, kept))
        names = {name: built_name for name, (built_name, _) in built.items()}
        files = {built_name: _file(built_name, text.encode()) for built_name, text in built.values()}
        try:
            _write(dist, files, {"stamp": stamp, "names": names})
        except OSError:
            return cls(names, files, source, htmx, stamp)
        return cls(names, _read_files(dist) | files, source, htmx, stamp)

    @staticmethod
    def current() -> Assets:
        """Return the assets of this process, loaded on first use; raises AssetsMissing like `load`."""
        return _current()

    def url(self, name: str) -> str:
        """Return the address of `app.css`, `menu.js`, … under its hashed name; KeyError names an unknown file."""
        return self.urls[name]

    def refresh(self) -> bool:
        """Build again when a source changed (for a server that reloads); return whether it did."""
        if _stamp(self.source, self.htmx) == self.stamp:
            return False
        new = Assets.load(self.source, self.htmx)
        self.names, self.files, self.stamp = new.names, self.files | new.files, new.stamp
        self.__post_init__()
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one built file by the last part of the path: GET and HEAD, gzip where accepted, kept for ever."""
        name = str(scope["path"]).rpartition("/")[2]
        file = self.files.get(name)
        if scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"")
        elif file is None:
            await _answer(send, 404, [(b"content-type", b"text/plain; charset=utf-8")], b"No such file.\n")
        else:
            sent = dict(scope["headers"])
            etag = f'"{name}"'.encode()
            headers = [(b"cache-control", FOREVER), (b"etag", etag), (b"vary", b"accept-encoding")]
            if etag in sent.get(b"if-none-match", b""):
                await _answer(send, 304, headers, b"")
                return
            headers += [(b"content-type", file.kind), (b"x-content-type-options", b"nosniff")]
            body = file.body
            if file.packed is not None and takes_gzip(sent.get(b"accept-encoding", b"").decode("latin-1")):
                headers.append((b"content-encoding", b"gzip"))
                body = file.packed
            headers.append((b"content-length", str(len(body)).encode()))
            await _answer(send, 200, headers, b"" if scope["method"] == "HEAD" else body)


@cache
def _current() -> Assets:
    return Assets.load()


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def minify_css(text: str) -> str:
    """Return CSS without comments and needless white space; strings stay, and so do blanks that mean something."""
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        if found.group(1):
            return ""
        kept.append(found.group())
        return f"\0{len(kept) - 1}\0"

    text = _COMMENT_OR_STRING.sub(put_aside, text)
    text = re.sub(r"\s+", " ", text)
    # Blanks around + - * in calc() and before ( : . # in selectors mean something; around these they never do.
    text = re.sub(r" ?([{};,]) ?", r"\1", text).replace(";}", "}")
    text = re.sub(r"([\w)-]): ", r"\1:", text)
    return re.sub("\0(\\d+)\0", lambda found: kept[int(found.group(1))], text).strip()


def minify_js(text: str) -> str:
    """Return a module of ours without comment lines and indentation (our style: no comment behind code)."""
    lines = (line.strip() for line in re.sub(r"(?m)^\s*/\*.*?\*/\s*$", "", text, flags=re.DOTALL).splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def _stamp(source: Path, htmx: Path) -> str:
    """A fingerprint of all sources by name, size and time of change: a hundred `stat` calls, under a millisecond."""
    seen = hashlib.sha256(f"{RECIPE}".encode())
    inputs = [*source.glob("*.svg"), *source.glob("css/**/*.css"), *source.glob("js/*.js")]
    for path in [*sorted(inputs), *([htmx] if htmx.is_file() else [])]:
        facts = path.stat()
        seen.update(f"{path.name}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _read_manifest(dist: Path) -> Manifest:
    try:
        found = json.loads((dist / MANIFEST).read_text())
        return Manifest(stamp=found["stamp"], names=found["names"])
    except (OSError, ValueError, KeyError, TypeError):
        return Manifest(stamp="", names={})


def _read_files(dist: Path) -> dict[str, File]:
    """All built files in the folder, older ones too: a page rendered before an update still asks for them."""
    found = {}
    for path in dist.iterdir():
        if path.suffix in TYPES:
            packed = Path(f"{path}.gz")
            body = path.read_bytes()
            found[path.name] = File(body, packed.read_bytes() if packed.is_file() else None, TYPES[path.suffix])
    return found


def _file(name: str, body: bytes) -> File:
    packed = gzip.compress(body, 9, mtime=0)
    return File(body, packed if len(packed) < len(body) else None, TYPES[Path(name).suffix])


def _htmx_text(htmx: Path, dist: Path, kept: Manifest) -> str:
    """The text of htmx as installed, or as it stands in an earlier build (a package carries the build alone)."""
    earlier = dist / kept["names"].get("htmx.js", "htmx.js")
    for path in (htmx, earlier):
        if path.is_file():
            return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", path.read_text(encoding="utf-8")).strip() + "\n"
    raise AssetsMissing("htmx is not installed yet; run: make assets")


def _build(source: Path, htmx: str) -> dict[str, tuple[str, str]]:
    """Return for each file its hashed name and its text."""
    built = {"app.css": _named("app.css", _sheet(source / "css")), "htmx.js": _named("htmx.js", htmx)}
    for picture in sorted(source.glob("*.svg")):
        built[picture.name] = _named(picture.name, picture.read_text(encoding="utf-8").replace("\n", ""))
    modules = {path.name: path.read_text(encoding="utf-8") for path in sorted(source.glob("js/*.js"))}
    for name in modules:
        _module(name, modules, built, ())
    return built


def _sheet(folder: Path) -> str:
    """The one sheet: `app.css` with each of its imports in its place; a file nobody imports is an error."""
    top = (folder / "app.css").read_text(encoding="utf-8")
    lost = {str(path.relative_to(folder)) for path in folder.glob("**/*.css")} - {
        "app.css",
        *_IMPORT_CSS.findall(top),
    }
    if lost:
        raise ValueError(f"static/css/app.css does not import {', '.join(sorted(lost))}")
    return minify_css(_IMPORT_CSS.sub(lambda found: (folder / found.group(1)).read_text(encoding="utf-8"), top))


def _module(name: str, modules: dict[str, str], built: dict[str, tuple[str, str]], above: tuple[str, ...]) -> str:
    """Build a module after the ones it imports, whose hashed names go into it; return its own hashed name."""
    if name in above:
        raise ValueError(f"modules import each other: {' → '.join((*above, name))}")
    if name not in built:
        text = _IMPORT_JS.sub(
            lambda f: f"{f[1]}{f[2]}./{_module(f[3], modules, built, (*above, name))}{f[2]}", modules[name]
        )
        built[name] = _named(name, minify_js(text))
    return built[name][0]


def _named(name: str, text: str) -> tuple[str, str]:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(text.encode()).hexdigest()[:8]}.{suffix}", text


def _write(dist: Path, files: dict[str, File], manifest: Manifest) -> None:
    """Write the files, then the manifest, each in one step: several processes may start at the same time."""
    dist.mkdir(exist_ok=True)
    for name, file in files.items():
        _replace(dist / name, file.body)
        if file.packed is not None:
            _replace(dist / f"{name}.gz", file.packed)
    _replace(dist / MANIFEST, json.dumps(manifest, indent=1).encode())


def _replace(path: Path, body: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(body)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)


def main() -> None:
    """Build, drop builds older than a month, and print each file with its size as sent."""
    assets = Assets.load()
    built = set(assets.names.values())
    for path in (assets.source / "dist").iterdir():
        old = time.time() - path.stat().st_mtime > 30 * 86_400
        if old and path.name != MANIFEST and path.name.removesuffix(".gz") not in built:
            path.unlink()
    for name, built_name in sorted(assets.names.items()):
        file = assets.files[built_name]
        print(f"{len(file.packed or file.body):7,} bytes  {name}  {assets.url(name)}")


if __name__ == "__main__":
    try:
        main()
    except AssetsMissing as missing:
        sys.exit(str(missing))
