"""A project is proven by a file that only who controls its repository or website can put there."""

import pytest

from forum.database.engine import execute, fetch, fetch_value
from tests.helpers.website import PLACE, Website
from tests.web.projects.test_project_pages import said
from tests.web.proofs.conftest import Proving

SETTINGS = "/p/pelican/settings/proof"


async def test_a_new_project_goes_on_to_its_proof_and_is_here_unproven_until_then(proving: Proving) -> None:
    words = {"name": "Heron", "slug": "heron", "entity": "Heron e.V.", "repository": "https://github.com/heron/pond"}
    made = await proving.world.outsider.post("/new-project", words)
    assert made.headers["location"] == "/p/heron/settings/proof"
    page = said(await proving.world.outsider.get("/p/heron/settings/proof"))
    assert "Not proven yet" in page and "I administer heron/pond" in page and "haas-proof-" in page
    home = said(await proving.world.site.guest().get("/p/heron"))
    assert "not proven" in home and "verified" not in home


async def test_a_file_on_the_website_proves_it_and_the_home_says_who_how_and_when_but_no_token(
    proving: Proving,
) -> None:
    proof = await proving.prove_by_website()
    guest = proving.world.site.guest()
    home = await guest.get("/p/pelican")
    assert "verified" in said(home) and "Olga Owner , by a file on the website" in said(home)
    assert (await proving.row())["token"] not in home.text
    assert "verified" in said(await guest.get("/projects"))
    row = await proving.row()
    assert (row["state"], row["way"], row["address"]) == ("proven", "website_file", proving.website.url)
    assert await fetch_value("select count(*) from audit where action = 'proof_shown' and subject_id = $1", proof) == 1
    assert "Verified" in said(await proving.world.owner.get(SETTINGS))


async def test_a_file_in_a_repository_is_that_of_its_default_branch(proving: Proving) -> None:
    row = await proving.row()
    await proving.names(repository=f"{proving.website.url}/heron/pond")
    proving.website.files[f"/api/v1/repos/heron/pond/raw{PLACE}"] = f"for the forum\n{row['token']}\n"
    answer = await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "repository"})
    assert answer.status_code == 303
    assert (await proving.row())["way"] == "repository_file"
    # proven, and not verified: it has no website, code of conduct and guideline
    page = said(await proving.world.owner.get(SETTINGS))
    assert "Control is proven" in page and "a website, a code of conduct, a support guideline" in page
    assert "verified" not in said(await proving.world.site.guest().get("/projects"))


async def test_another_address_is_not_proven_by_the_old_ones_proof(proving: Proving) -> None:
    await proving.prove_by_website()
    await proving.names(website="https://python.example")
    assert "not proven" in said(await proving.world.site.guest().get("/p/pelican"))
    assert "does not name any more" in said(await proving.world.owner.get(SETTINGS))
    await proving.names(website=proving.website.url)
    assert "verified" in said(await proving.world.site.guest().get("/p/pelican"))


@pytest.mark.parametrize(
    ("text", "why"),
    [(None, "status 404"), ("haas-proof-of-somebody-else", "no line of it"), ("x" * 5000, "larger than")],
)
async def test_a_file_that_is_not_it_proves_nothing_and_says_why(proving: Proving, text: str | None, why: str) -> None:
    await proving.names(website=proving.website.url)
    row = await proving.row()
    if text is not None:
        proving.website.files[PLACE] = text
    answer = await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"})
    assert answer.status_code == 422 and why in said(answer) and row["token"] in answer.text
    assert (await proving.row())["state"] == "open"


async def test_a_host_in_trouble_is_told_apart_from_a_missing_file(proving: Proving) -> None:
    await proving.names(website=proving.website.url)
    row = await proving.row()
    proving.website.status = 503
    answer = await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"})
    assert answer.status_code == 503 and "Nothing changed" in said(answer)


@pytest.mark.parametrize("where", ["website", "repository"])
async def test_a_host_inside_is_not_asked(proving: Proving, where: str) -> None:
    async with Website.open() as inside:
        row = await proving.row()
        inside.files[PLACE] = row["token"]
        for address in (
            inside.url,
            f"https://127.0.0.1:{inside.port}",
            "https://127.0.0.1",
            "https://[::ffff:10.0.0.1]",
        ):
            await proving.names(**{where: f"{address}/a/b"})
            answer = await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": where})
            assert answer.status_code == 422, address
        assert inside.heard == [] and (await proving.row())["state"] == "open"


async def test_a_redirect_to_another_host_speaks_for_that_host_alone(proving: Proving) -> None:
    await proving.names(website=proving.website.url)
    row = await proving.row()
    async with Website.open() as other:
        other.files[PLACE] = row["token"]
        proving.website.redirects[PLACE] = other.url + PLACE
        answer = await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"})
        assert answer.status_code == 422 and "somewhere else" in said(answer)
        assert other.heard == []
    # within the host it may
    proving.website.redirects[PLACE] = "/elsewhere.txt"
    proving.website.files["/elsewhere.txt"] = row["token"]
    assert (await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"})).status_code == 303


async def test_who_does_not_edit_the_project_sees_no_token_and_proves_nothing(proving: Proving) -> None:
    await proving.names(website=proving.website.url)
    row = await proving.row()
    proving.website.files[PLACE] = row["token"]
    for browser in (proving.world.outsider, proving.world.supporter):
        assert (await browser.get(SETTINGS)).status_code == 403
        assert (await browser.get(f"/proofs/{row['id']}")).status_code == 404
        assert (await browser.post(f"/proofs/{row['id']}/file", {"where": "website"})).status_code == 404
        assert (await browser.post(f"/proofs/{row['id']}/github", {"what": "repository"})).status_code == 404
    assert (await proving.world.site.guest().get(SETTINGS)).headers["location"].startswith("/login")
    assert proving.website.heard == [] and (await proving.row())["state"] == "open"
    assert (await proving.world.owner.get(f"/proofs/{row['id']}")).headers["location"] == SETTINGS


async def test_looks_are_counted_so_that_nobody_has_strangers_asked_without_end(proving: Proving) -> None:
    row = await proving.row()
    answers = [await proving.world.owner.post(f"/proofs/{row['id']}/file", {"where": "website"}) for _n in range(21)]
    assert [a.status_code for a in answers] == [422] * 20 + [429]


async def test_a_project_that_only_asks_keeps_what_was_typed_and_is_its_owners_alone(proving: Proving) -> None:
    outsider, supporter = proving.world.outsider, proving.world.supporter
    refused = await outsider.post("/proofs", {"name": "Pond", "website": "javascript:alert(1)"})
    assert refused.status_code == 422 and 'value="Pond"' in refused.text and "https://" in said(refused)
    assert (await outsider.post("/proofs", {"name": "Pond"})).status_code == 422, "nothing that could be proven"
    words = {"name": "Pond", "website": proving.website.url, "code_of_conduct": f"{proving.website.url}/coc"}
    path = (await outsider.post("/proofs", words)).headers["location"]
    number = int(path.rpartition("/")[2])
    proving.website.files[PLACE] = (await proving.row(number))["token"]
    assert (await supporter.get(path)).status_code == 404
    assert (await supporter.post(path, words | {"name": "Mine"})).status_code == 404
    assert (await outsider.post(f"{path}/file", {"where": "website"})).status_code == 303
    assert "Control is proven" in said(await outsider.get(path))
    await outsider.post(path, words | {"guideline": f"{proving.website.url}/help"})
    for files, why in (({}, "answered with status 404"), ({"/coc": "Be kind."}, "support guideline was not found at")):
        proving.website.files |= files
        await outsider.post(f"{path}/words")
        page = said(await outsider.get(path))
        assert (
            "Control is proven" in page and why in page and ("code of conduct was not found" in page) is not bool(files)
        )
    proving.website.files["/help"] = "Say versions."
    assert (await supporter.post(f"{path}/words")).status_code == 404
    await outsider.post(f"{path}/words")
    assert "Verified" in said(await outsider.get(path))
    assert "verified" in said(await outsider.get("/proofs")) and "Pond" not in said(await supporter.get("/proofs"))
    await outsider.post(path, words | {"website": "https://other.example"})
    assert "does not name any more" in said(await outsider.get(path))
    assert (await outsider.post(path, {"drop": "1"})).headers["location"] == "/proofs"
    assert (await outsider.get(path)).status_code == 404


async def test_one_person_names_so_many_projects_and_no_more(proving: Proving) -> None:
    for n in range(21):
        await execute("delete from rate")
        answer = await proving.world.outsider.post("/proofs", {"name": f"P{n}", "website": "https://p.example"})
        assert answer.status_code == (303 if n < 20 else 409)
    assert len(await fetch("select 1 from proof where project_id is null")) == 20
