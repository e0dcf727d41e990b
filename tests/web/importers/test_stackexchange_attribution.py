"""Whose an imported text is stands wherever it is shown: author, source, licence; and costs a page nothing."""

from pathlib import Path
from typing import Any

import pytest

from forum.database.engine import execute
from tests.helpers.github import make_project
from tests.helpers.site import Site
from tests.helpers.stackexchange import (
    FILES,
    HOST,
    POSTS,
    answer,
    bring,
    comment,
    page_of,
    posts_of,
    question,
    write_dump,
)


@pytest.fixture(autouse=True)
async def pond(site: Site) -> int:
    return await make_project(site)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dump(tmp_path, POSTS, **FILES)


async def test_every_post_says_whose_it_is_and_under_which_licence(site: Site, folder: Path) -> None:
    await bring(folder)

    html = await page_of(site, 1)

    rel = 'rel="nofollow ugc noopener"'
    site_link = f'<a href="https://{HOST}/{{}}" {rel}>'
    assert html.count('<p class="from">') == 5
    assert (
        f'<p class="from">Asked by {site_link.format("users/7")}Ada Heron</a> on {site_link.format("q/1")}{HOST}</a>'
        ' · score 3 (4 up, 1 down) · <a href="https://creativecommons.org/licenses/by-sa/4.0/"'
        ' rel="license nofollow ugc noopener">CC BY-SA 4.0</a></p>'
    ) in html
    assert f"Answered by {site_link.format('users/8')}Bo &amp; Co</a>" in html
    assert f"Answered by <span>user99</span> on {site_link.format('a/3')}{HOST}</a>" in html
    assert "https://creativecommons.org/licenses/by-sa/3.0/" in html
    # what a comment is about
    assert "on the question</a>" in html and "on the answer by Bo &amp; Co</a>" in html
    assert "3#post_3" in html


async def test_whoever_is_gone_is_shown_by_name_without_an_account(site: Site, folder: Path) -> None:
    await bring(folder)

    html = await page_of(site, 1)

    assert '<span class="name" id="by4">user99</span>' in html
    assert f"/u/deleted@{HOST}" not in html.split('id="post_4"')[1].split("</header>")[0]


async def test_feeds_and_json_say_whose_the_text_is_too(site: Site, folder: Path) -> None:
    await bring(folder)
    thread = (await posts_of(1))[0]["thread_id"]
    guest = site.guest()

    told = (await guest.get(f"/t/{thread}.json")).json()["post_stream"]["posts"]
    feeds = [(await guest.get(path)).text for path in (f"/t/{thread}.rss", "/latest.rss", f"/u/7@{HOST}.rss")]

    assert all("CC BY-SA" in post["cooked"] and f"https://{HOST}/" in post["cooked"] for post in told)
    assert told[0]["cooked"].startswith("<p>It ran all day.</p>")
    assert told[3]["name"] == "user99" and told[4]["reply_to_post_number"] == "3"
    for feed in feeds:
        assert (
            "creativecommons.org/licenses/by-sa/4.0/" in feed
            and "&lt;p&gt;It ran all day" in feed.replace("&amp;lt;", "&lt;")
        ) or "rinse" in feed
        assert "&amp;lt;p" not in feed
    profile = (await guest.get(f"/u/7@{HOST}")).text
    assert "creativecommons.org" in profile and "Ada Heron" in profile


async def test_a_post_of_this_site_says_nothing_of_the_kind(site: Site, folder: Path) -> None:
    await bring(folder)
    mei = await site.member("mei")
    posts = await posts_of(4)
    await mei.post(f"/t/{posts[0]['thread_id']}/replies", {"markdown": "It is, mostly."})

    html = await page_of(site, 4)

    assert "It is, mostly." in html and html.count('<p class="from">') == 1


async def test_an_old_text_keeps_the_licence_it_had(site: Site, tmp_path: Path, folder: Path) -> None:
    await bring(folder)
    changed = answer(
        3, 1, Body="<p>New.</p>", OwnerUserId=None, OwnerDisplayName="user99", LastActivityDate="2021-08-01T00:00:00"
    )
    posts = [POSTS[0] | {"LastActivityDate": "2021-08-01T00:00:00.000"}, POSTS[1], changed, POSTS[3]]
    write_dump(tmp_path, posts, **FILES)
    await bring(folder)

    post = (await posts_of(1))[3]
    html = (await site.guest().get(f"/posts/{post['id']}/revisions")).text

    assert post["attribution"]["licence"] == "CC BY-SA 4.0"
    assert "until then CC BY-SA 3.0" in html and "licenses/by-sa/4.0/" in html


async def test_a_page_costs_as_many_statements_as_without(site: Site, folder: Path, statements: Any) -> None:
    await bring(folder)
    mei = await site.member("mei")
    posts = await posts_of(1)
    url = f"/t/{posts[0]['slug']}/{posts[0]['thread_id']}"
    counted = []
    for _attribution in ("with", "without"):
        await mei.get(url)
        statements.clear()
        await mei.get(url)
        counted.append(statements.count)
        await execute("update post set attribution = null")

    assert counted[0] == counted[1]


async def test_hostile_texts_are_shown_and_do_nothing(site: Site, tmp_path: Path) -> None:
    evil = '<p>x</p><script>alert(1)</script><a href="javascript:alert(1)">y</a><img src=x onerror=alert(1)>'
    name = '"><script>alert(1)</script>'
    folder = write_dump(
        tmp_path,
        [question(1, name, Body=evil, Tags="<<script>>")],
        Users=[{"Id": 7, "DisplayName": name}],
        Comments=[comment(2, 1, Text="<script>alert(1)</script> [a](javascript:alert(1)) @olga #1")],
    )
    await bring(folder)

    html = await page_of(site, 1)

    assert "<script>alert" not in html and "javascript:" not in html.replace("[a](javascript:alert(1))", "")
    assert "onerror=" not in html and "/u/olga" not in html.split('id="post_2"')[1]
