"""Registering a project, its pages, and who may change it."""

import re
from dataclasses import dataclass
from html import unescape

import httpx
import pytest

from forum.database.engine import execute, fetch, fetch_value
from forum.projects.actions import NewProject, create_project
from forum.projects.commands import create_project_for
from forum.web.errors import Invalid
from tests.helpers.site import Browser, Site, faulty

PELICAN = {"name": "Pelican Toolkit", "slug": "pelican", "entity": "Pelican Toolkit e.V."}


@dataclass
class World:
    """A project with one of each role, and mallory, who has none."""

    site: Site
    project: int
    olga: Browser
    mia: Browser
    tom: Browser
    sue: Browser
    mallory: Browser


@pytest.fixture
async def world(site: Site) -> World:
    owner = await site.person("olga", name="Olga Owner")
    project = await create_project(owner, NewProject(**PELICAN))
    browsers = [await site.browser(owner)]
    for username, role in (("mia", "maintainer"), ("tom", "triager"), ("sue", "supporter")):
        person = await site.person(username)
        await execute(
            "insert into project_member (project_id, person_id, role) values ($1, $2, $3)", project, person, role
        )
        browsers.append(await site.browser(person))
    return World(site, project, *browsers, await site.member("mallory"))


def said(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


async def team(project: int) -> dict[str, str]:
    rows = await fetch(
        "select p.username, m.role from project_member m join person p on p.id = m.person_id where m.project_id = $1",
        project,
    )
    return {row["username"]: row["role"] for row in rows}


async def test_a_new_project_has_four_categories_of_four_kinds_and_its_owner(site: Site) -> None:
    olga = await site.member("olga")
    answer = await olga.post("/new-project", PELICAN | {"slug": "Pelican", "terms": "Be patient."})
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/pelican/settings/proof")
    project = await fetch_value("select id from project where slug = 'pelican'")
    rows = await fetch(
        "select slug, kind, visibility, readers from category where project_id = $1 order by position", project
    )
    assert [tuple(row) for row in rows] == [
        ("support", "support", "public", []),
        ("bugs", "bugs", "public", []),
        ("features", "features", "public", []),
        ("security", "security", "private", ["maintainer", "owner"]),
    ]
    assert await team(project) == {"olga": "owner"}
    handles = await fetch("select name from handle where project_id is not null or category_id is not null")
    assert {row["name"] for row in handles} == {
        "pelican",
        "pelican-support",
        "pelican-bugs",
        "pelican-features",
        "pelican-security",
    }
    assert await fetch_value("select body from terms where project_id = $1", project) == "Be patient."
    assert (await olga.get("/p/pelican")).status_code == 200


async def test_a_guest_signs_in_before_registering_a_project(site: Site) -> None:
    guest = site.guest()
    answer = await guest.get("/new-project")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/new-project")
    assert (await guest.post("/new-project", PELICAN)).status_code in (401, 403)
    assert await fetch_value("select count(*) from project") == 0


async def test_an_unconfirmed_address_is_confirmed_before_registering_a_project(site: Site) -> None:
    una = await site.member("una", confirmed=False)
    for answer in (await una.get("/new-project"), await una.post("/new-project", PELICAN)):
        assert answer.status_code == 403
        assert "Confirm your e-mail address first" in said(answer)
    assert await fetch_value("select count(*) from project") == 0


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("admin", id="reserved"),
        pytest.param("support", id="reserved and a category"),
        pytest.param("heron", id="another project"),
        pytest.param("heron-support", id="another project's category"),
        pytest.param("bigbird", id="a username in other letters"),
        pytest.param("BIGBIRD", id="capitals"),
        pytest.param("stork", id="its category is somebody's name"),
        pytest.param("ab", id="short"),
        pytest.param("a" * 41, id="long"),
        pytest.param("12345", id="digits"),
        pytest.param("-pelican", id="dash first"),
        pytest.param("pel--ican", id="two dashes"),
        pytest.param("pel ican", id="blank"),
        pytest.param("../etc", id="path"),
        pytest.param("pélican", id="accent"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_handle_that_is_taken_or_wrong_is_refused_and_the_form_keeps_what_was_typed(
    site: Site, slug: str
) -> None:
    await create_project(await site.person("olga"), NewProject("heron", "Heron", "Heron e.V."))
    await site.person("BigBird")
    await site.person("stork-bugs")
    pia = await site.member("pia")
    answer = await pia.post("/new-project", PELICAN | {"slug": slug, "guideline": "Say your version.\nAnd platform."})
    assert answer.status_code == 422
    assert 'href="#slug"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    for kept in ("Pelican Toolkit e.V.", "Say your version.", "And platform."):
        assert kept in answer.text
    assert await fetch_value("select array_agg(slug) from project") == ["heron"]


async def test_a_username_that_a_project_holds_is_taken_whatever_its_letters(world: World) -> None:
    taken = await fetch_value("select count(*) from handle where name = any($1)", ["pelican", "pelican-support"])
    assert taken == 2


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://", "http://[", "x" * 400]
)
async def test_an_address_that_is_none_is_refused(site: Site, world: World, address: str) -> None:
    pia = await site.member("pia")
    for field in ("website", "repository", "code_of_conduct"):
        answer = await pia.post("/new-project", PELICAN | {"slug": "ibis", field: address})
        assert answer.status_code == 422, (field, answer.status_code)
        assert f'href="#{field}"' in answer.text
        settings = PELICAN | {"expected_from": "1", "expected_to": "2", field: address}
        answer = await world.olga.post("/p/pelican/settings", settings)
        assert answer.status_code == 422, (field, answer.status_code)
    assert await fetch_value("select count(*) from project where website || repository || code_of_conduct <> ''") == 0


async def test_markup_in_names_is_shown_and_never_run(site: Site) -> None:
    eve = await site.member("eve", name="Eve")
    hostile = {"name": HOSTILE, "tagline": HOSTILE, "entity": HOSTILE, "guideline": HOSTILE, "slug": "pelican"}
    assert (await eve.post("/new-project", hostile)).status_code == 303
    for path in ("/p/pelican", "/projects", "/p/pelican/settings", "/p/pelican/settings/team"):
        answer = await eve.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text, path
        assert "<img" not in answer.text, path
        assert "49" not in said(answer), path
    assert "<script>alert(1)</script>" in said(await eve.get("/projects"))


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "two\nlines"},
        {"name": "\u202egnikcah"},
        {"name": "x" * 101},
        {"entity": "y" * 201},
        {"tagline": "z" * 201},
        {"guideline": "g" * 20001},
        {"terms": "t" * 20001},
        {"country": "Germany"},
        {"country": "1!"},
        {"name": "\0"},
        {"entity": ""},
    ],
    ids=lambda fields: "-".join(fields),
)
async def test_a_text_that_does_not_fit_is_a_fault_of_its_field(site: Site, fields: dict[str, str]) -> None:
    pia = await site.member("pia")
    answer = await pia.post("/new-project", PELICAN | fields)
    assert answer.status_code == 422
    assert f'href="#{next(iter(fields))}"' in answer.text
    assert await fetch_value("select count(*) from project") == 0


async def test_all_faults_of_a_project_are_told_at_once(site: Site, world: World) -> None:
    pia = await site.member("pia")
    wrong = {"name": "x" * 300, "website": "javascript:x", "repository": "nonsense", "country": "1!"}
    told = ["country", "entity", "name", "repository", "slug", "website"]
    for handle in ("Bad Handle!", "pelican", "pelican-bugs"):
        answer = await pia.post("/new-project", wrong | {"slug": handle})
        assert answer.status_code == 422 and sorted(faulty(answer.text)) == told, handle
        assert ("This name is taken" in answer.text) is (handle != "Bad Handle!")
        assert "these are 300" in answer.text, "the more exact of two sentences"
    assert "slug" not in faulty((await pia.post("/new-project", wrong | {"slug": "ibis"})).text)
    settings = wrong | {"expected_from": "7", "expected_to": "2"}
    answer = await world.olga.post("/p/pelican/settings", settings)
    assert sorted(faulty(answer.text)) == ["expected_from", "name", "repository", "website"]


async def test_registering_over_and_over_is_slowed_down(site: Site) -> None:
    pia = await site.member("pia")
    answers = [(await pia.post("/new-project", PELICAN | {"slug": f"pelican{n}"})).status_code for n in range(21)]
    assert answers == [303] * 20 + [429]


async def test_the_home_shows_team_words_and_where_to_report(world: World) -> None:
    await execute(
        "update project set website = 'https://pelican.example', tagline = 'Sensor time series',"
        " guideline = 'Say your **version**.', expected_from = 2, expected_to = 4"
    )
    answer = await world.site.guest().get("/p/pelican")
    assert answer.status_code == 200
    page = said(answer)
    for words in ("Sensor time series", "Olga Owner Owner", "Mia Maintainer", "Pelican Toolkit e.V.", "2–4 workdays"):
        assert words in page
    assert 'href="https://pelican.example"' in answer.text
    assert "Website pelican.example" in page
    assert "<strong>version</strong>" in answer.text
    assert "/new-thread?project=pelican&amp;category=security" in answer.text


async def test_private_categories_are_named_to_their_readers_alone(world: World) -> None:
    for browser, named in (
        (world.olga, True),
        (world.mia, True),
        (world.tom, False),
        (world.sue, False),
        (world.mallory, False),
        (world.site.guest(), False),
    ):
        page = await browser.get("/p/pelican")
        assert ("/c/pelican/security" in page.text) is named
        assert "Report a security problem privately" in page.text
        assert "/c/pelican/bugs" in page.text


async def test_the_bar_leads_the_team_to_its_inbox_and_nobody_else(world: World) -> None:
    await execute("insert into queue (project_id, unpaid, paid) values ($1, 29, 2)", world.project)
    for browser, inbox, settings in (
        (world.olga, True, True),
        (world.mia, True, True),
        (world.sue, True, False),
        (world.mallory, False, False),
    ):
        bar = (await browser.get("/p/pelican")).text.split('<nav class="probar"')[1].split("</nav>")[0]
        assert ('href="/p/pelican/inbox"' in bar) is inbox
        assert ("31" in bar) is inbox
        assert ('href="/p/pelican/settings"' in bar) is settings
        assert 'href="/p/pelican" aria-current="page"' in bar


async def test_the_list_shows_all_projects_or_those_that_seek_maintainers(world: World) -> None:
    await create_project(
        await fetch_value("select id from person where username = 'mia'"), NewProject("heron", "Heron Mail", "Heron")
    )
    await execute("update project set seeks_maintainers = true where slug = 'heron'")
    guest = world.site.guest()
    page = said(await guest.get("/projects"))
    assert "Pelican Toolkit" in page
    assert "Heron Mail" in page
    page = said(await guest.get("/projects?seeking=maintainer"))
    assert "Pelican Toolkit" not in page
    assert "Heron Mail" in page


@pytest.mark.parametrize("path", ["/p/nobody", "/p/nobody/settings", "/p/nobody/settings/team", "/p/%00", "/p/12"])
async def test_a_project_that_is_not_there_is_not_found(world: World, path: str) -> None:
    assert (await world.olga.get(path)).status_code == 404


async def test_maintainers_and_owners_change_the_words(world: World) -> None:
    for browser, name in ((world.mia, "Pelican 2"), (world.olga, "Pelican 3")):
        changed = {"name": name, "tagline": "New", "expected_from": "3", "expected_to": "5", "seeking": "on"}
        answer = await browser.post("/p/pelican/settings", changed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/pelican/settings")
        row = (await fetch("select name, tagline, expected_from, expected_to, seeks_maintainers, slug from project"))[0]
        assert tuple(row) == (name, "New", 3, 5, True, "pelican")
    assert await fetch_value("select count(*) from audit where action = 'project_edited'") == 2


async def test_supporters_triagers_and_outsiders_change_nothing(world: World) -> None:
    changed = {"name": "Stolen", "expected_from": "1", "expected_to": "1"}
    for browser in (world.sue, world.tom, world.mallory):
        assert (await browser.get("/p/pelican/settings")).status_code == 403
        assert (await browser.post("/p/pelican/settings", changed)).status_code == 403
    assert (await world.site.guest().get("/p/pelican/settings")).headers["location"].startswith("/login")
    assert await fetch_value("select name from project") == "Pelican Toolkit"


@pytest.mark.parametrize(("least", "most"), [("5", "3"), ("-1", "3"), ("1", "999"), ("a", "b"), ("", ""), ("1e2", "٣")])
async def test_a_range_that_is_none_is_refused_and_kept(world: World, least: str, most: str) -> None:
    changed = {"name": "Pelican", "tagline": "typed already", "expected_from": least, "expected_to": most}
    answer = await world.olga.post("/p/pelican/settings", changed)
    assert answer.status_code == 422
    assert 'value="typed already"' in answer.text
    assert await fetch_value("select expected_to from project") == 10


async def test_an_owner_adds_changes_and_removes(world: World) -> None:
    path = "/p/pelican/settings/team"
    await world.site.person("Nia")
    assert (await world.olga.post(path, {"username": "@nia", "role": "supporter"})).status_code == 303
    assert (await team(world.project))["Nia"] == "supporter"
    assert (await world.olga.post(path, {"act": "change", "username": "Nia", "role": "owner"})).status_code == 303
    assert (await team(world.project))["Nia"] == "owner"
    assert (await world.olga.post(path, {"act": "remove", "username": "Nia", "role": "owner"})).status_code == 303
    assert "Nia" not in await team(world.project)
    assert await fetch_value("select count(*) from audit where action = 'role_set'") == 3


async def test_everybody_but_an_owner_is_kept_from_the_team(world: World) -> None:
    path = "/p/pelican/settings/team"
    before = await team(world.project)
    for browser in (world.mia, world.tom, world.sue, world.mallory):
        assert (await browser.get(path)).status_code == 403
        assert (await browser.post(path, {"username": "mallory", "role": "owner"})).status_code == 403
        assert (await browser.post(path, {"act": "remove", "username": "olga"})).status_code == 403
    assert (await world.site.guest().post(path, {"username": "mallory", "role": "owner"})).status_code in (401, 403)
    assert await team(world.project) == before


async def test_the_owner_of_another_project_is_an_outsider(world: World) -> None:
    mallory = await fetch_value("select id from person where username = 'mallory'")
    await create_project(mallory, NewProject("heron", "Heron Mail", "Heron"))
    answer = await world.mallory.post("/p/pelican/settings/team", {"username": "mallory", "role": "owner"})
    assert answer.status_code == 403
    assert "mallory" not in await team(world.project)


@pytest.mark.parametrize("change", [{"act": "remove"}, {"act": "change", "role": "maintainer"}, {"role": "supporter"}])
async def test_the_last_owner_stays(world: World, change: dict[str, str]) -> None:
    answer = await world.olga.post("/p/pelican/settings/team", {"username": "olga", **change})
    assert answer.status_code == 422
    assert "at least one owner" in said(answer)
    assert (await team(world.project))["olga"] == "owner"


async def test_an_owner_who_steps_down_lands_on_the_home(world: World) -> None:
    await world.olga.post("/p/pelican/settings/team", {"username": "mia", "role": "owner"})
    answer = await world.olga.post("/p/pelican/settings/team", {"act": "remove", "username": "Olga"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/p/pelican")
    assert (await world.olga.get("/p/pelican/settings/team")).status_code == 403


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "nobody-here", "role": "supporter"},
        {"username": "", "role": "supporter"},
        {"username": "u" * 500, "role": "supporter"},
        {"username": "mallory", "role": "admin"},
        {"username": "mallory"},
        {"username": HOSTILE, "role": HOSTILE},
        {"act": "explode", "username": "mia"},
        {},
    ],
    ids=str,
)
async def test_a_wrong_team_form_is_told_what_is_wrong_and_keeps_the_name(world: World, fields: dict[str, str]) -> None:
    before = await team(world.project)
    answer = await world.olga.post("/p/pelican/settings/team", fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "<script>alert" not in answer.text
    if "act" not in fields:
        assert unescape(answer.text).count(f'value="{fields.get("username", "")}"') >= 1
    assert await team(world.project) == before


async def test_people_known_from_elsewhere_join_no_team(world: World) -> None:
    await execute("insert into person (kind, username, origin) values ('placeholder', 'jo@github.com', 'github')")
    answer = await world.olga.post("/p/pelican/settings/team", {"username": "jo@github.com", "role": "owner"})
    assert answer.status_code == 422


async def test_the_command_makes_a_project_for_a_person_of_the_site(site: Site) -> None:
    await site.person("Olga")
    project = await create_project_for("pelican", "Pelican Toolkit", "olga", "")
    assert await team(project) == {"Olga": "owner"}
    entity = await fetch_value("select e.name from project p join legal_entity e on e.id = p.legal_entity_id")
    assert entity == "Pelican Toolkit"
    for slug, owner, fault in (("heron", "nobody", "owner"), ("pelican", "olga", "slug")):
        with pytest.raises(Invalid) as refused:
            await create_project_for(slug, "Heron", owner, "Heron")
        assert list(refused.value.errors) == [fault]
