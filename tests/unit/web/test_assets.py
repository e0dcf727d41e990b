"""The files a browser keeps for ever: names by content, rebuilt when a source changed, served as they should be."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from forum.web.assets import Assets, AssetsMissing, minify_css, minify_js

SHEET = '/* order */\n@import "00-base.css";\n@import "parts/note.css";\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small `static/` with one sheet in two files, two modules, one sprite, and htmx beside it."""
    for name, text in {
        "css/app.css": SHEET,
        "css/00-base.css": "p { color: red; }\n",
        "css/parts/note.css": ".note > b { margin: 0 calc(1px + 2px); }\n",
        "js/shared.js": "// why\nexport const one = 1;\n",
        "js/page.js": 'import { one } from "./shared.js";\nconsole.log(one);\n',
        "icons.svg": "<svg>\n</svg>\n",
        "htmx.min.js": "var htmx=1;\n//# sourceMappingURL=htmx.min.js.map\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def load(source: Path) -> Assets:
    return Assets.load(source, source / "htmx.min.js")


async def get(assets: Assets, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """One request straight to the application."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("a file needs no body")

    raw = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    await assets({"type": "http", "method": method, "path": path, "headers": raw}, receive, send)
    answered = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], answered, sent[1]["body"]


def text_of(assets: Assets, name: str) -> str:
    return assets.files[assets.names[name]].body.decode()


def test_sheet_holds_its_imports_in_order_without_comments(source: Path) -> None:
    assert text_of(load(source), "app.css") == "p{color:red}.note > b{margin:0 calc(1px + 2px)}"


def test_file_that_no_sheet_imports_stops_the_build(source: Path) -> None:
    (source / "css/parts/lost.css").write_text("p { color: blue }")
    with pytest.raises(ValueError, match=r"parts/lost\.css"):
        load(source)


def test_module_imports_the_hashed_name_of_another(source: Path) -> None:
    assets = load(source)
    assert f'from "./{assets.names["shared.js"]}"' in text_of(assets, "page.js")


def test_change_in_an_imported_module_renames_its_importer(source: Path) -> None:
    before = load(source).names["page.js"]
    (source / "js/shared.js").write_text("export const one = 11;\n")
    assert load(source).names["page.js"] != before


def test_modules_that_import_each_other_stop_the_build(source: Path) -> None:
    (source / "js/shared.js").write_text('import "./page.js";\n')
    with pytest.raises(ValueError, match="import each other"):
        load(source)


def test_changed_sheet_gets_another_name_and_the_old_one_is_still_served(source: Path) -> None:
    old = load(source).names["app.css"]
    (source / "css/00-base.css").write_text("p { color: green; }\n")
    new = load(source)
    assert new.names["app.css"] != old
    assert old in new.files


def test_unchanged_sources_are_taken_from_the_last_build(source: Path) -> None:
    load(source)
    manifest = source / "dist" / "manifest.json"
    kept = json.loads(manifest.read_text())
    kept["names"]["mark.svg"] = kept["names"]["icons.svg"]
    manifest.write_text(json.dumps(kept))
    assert "mark.svg" in load(source).names


def test_refresh_builds_again_only_after_a_change(source: Path) -> None:
    assets = load(source)
    before = assets.url("app.css")
    assert not assets.refresh()
    (source / "css/00-base.css").write_text("p { color: green; }\n")
    assert assets.refresh()
    assert assets.url("app.css") != before


def test_missing_htmx_says_what_to_run(source: Path) -> None:
    (source / "htmx.min.js").unlink()
    with pytest.raises(AssetsMissing, match="make assets"):
        load(source)


def test_htmx_of_an_earlier_build_serves_where_npm_never_ran(source: Path) -> None:
    load(source)
    (source / "htmx.min.js").unlink()
    assert text_of(load(source), "htmx.js") == "var htmx=1;\n"


def test_folder_that_cannot_be_written_is_served_from_memory(source: Path) -> None:
    (source / "dist").write_text("a file where the folder should be: root may write everywhere else")
    assets = load(source)
    assert assets.names["app.css"] in assets.files


async def test_file_is_kept_for_ever_and_packed_for_who_takes_gzip(source: Path) -> None:
    (source / "css/00-base.css").write_text("p { color: red; }\n" * 50)
    assets = load(source)
    status, headers, body = await get(assets, assets.url("app.css"), accept_encoding="br, gzip")
    assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "accept-encoding")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"].startswith("text/css")
    assert gzip.decompress(body) == assets.files[assets.names["app.css"]].body


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.0"])
async def test_file_comes_plain_to_who_does_not_take_gzip(source: Path, accepted: str) -> None:
    assets = load(source)
    _, headers, body = await get(assets, assets.url("app.css"), accept_encoding=accepted)
    assert "content-encoding" not in headers
    assert body == assets.files[assets.names["app.css"]].body


async def test_known_file_is_answered_not_modified(source: Path) -> None:
    assets = load(source)
    _, headers, _ = await get(assets, assets.url("page.js"))
    status, _, body = await get(assets, assets.url("page.js"), if_none_match=headers["etag"])
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("path", ["/static/app.css", "/static/manifest.json", "/static/../css/app.css", "/static/"])
async def test_anything_but_a_built_name_is_not_found(source: Path, path: str) -> None:
    assert (await get(load(source), path))[0] == 404


async def test_writing_is_refused(source: Path) -> None:
    assets = load(source)
    assert (await get(assets, assets.url("app.css"), "POST"))[0] == 405


@pytest.mark.parametrize(
    ("css", "small"),
    [
        ('a::before { content: "a  ;  b /* c */"; }', 'a::before{content:"a  ;  b /* c */"}'),
        (".a :is(b, c) > d + e { --x: light-dark(red, blue); }", ".a :is(b,c) > d + e{--x:light-dark(red,blue)}"),
        ("@media (width < 48rem) { a { inset: 0 auto; } }", "@media (width < 48rem){a{inset:0 auto}}"),
        ("a :hover { b: c }", "a :hover{b:c}"),
        ("/* it's */ a { b: c; } /* isn't */", "a{b:c}"),
    ],
)
def test_smaller_css_means_the_same(css: str, small: str) -> None:
    assert minify_css(css) == small


def test_smaller_module_keeps_addresses_and_lines() -> None:
    assert minify_js('/* what */\n  // why\n  go("https://a.example");\n\n') == 'go("https://a.example");\n'


def test_what_every_page_loads_keeps_its_budget() -> None:
    """ui.md, Budgets: CSS 20 KB gzip, JavaScript 32 KB in all, sprite 3 KB; no module over 150 lines."""
    assets = Assets.load()
    sizes = {name: len(assets.files[built].packed or b"") for name, built in assets.names.items()}
    assert sizes["app.css"] <= 20_000
    assert sizes["icons.svg"] <= 3_000
    assert sum(size for name, size in sizes.items() if name.endswith(".js")) <= 32_000
    modules = (assets.source / "js").glob("*.js")
    assert [path.name for path in modules if len(path.read_text().splitlines()) > 150] == []
