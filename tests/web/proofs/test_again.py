"""Proofs are looked at again every month: what holds stays, silence changes nothing, three failures end it."""

from datetime import UTC, datetime, timedelta

from categories.proofs.jobs import check_proof, check_proofs
from forum.database.engine import execute, fetch, fetch_value
from tests.helpers.website import PLACE
from tests.web.projects.test_project_pages import said
from tests.web.proofs.conftest import Proving
from tests.web.proofs.test_by_github import leave_for

LATER = timedelta(hours=1)


async def at_due(proving: Proving, proof: int) -> datetime:
    """The check when it is due; the moment it was."""
    due: datetime = (await proving.row(proof))["due_at"]
    await check_proof(proof, due + LATER)
    return due + LATER


async def notices(kind: str) -> list[str]:
    rows = await fetch("select p.username from notice n join person p on p.id = n.person_id where n.kind = $1", kind)
    return sorted(row["username"] for row in rows)


async def test_what_is_due_is_spread_over_the_day_and_what_is_not_is_left(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    await check_proofs(datetime.now(UTC) + timedelta(days=20))
    assert await fetch_value("select count(*) from pgqueuer where entrypoint = 'check_proof'") == 0
    for n in range(3):
        path = (
            await proving.world.outsider.post("/proofs", {"name": f"P{n}", "website": proving.website.url})
        ).headers["location"]
        number = int(path.rpartition("/")[2])
        proving.website.files[PLACE] = (await proving.row(number))["token"]
        assert (await proving.world.outsider.post(f"{path}/file", {"where": "website"})).status_code == 303
    soon = datetime.now(UTC) + timedelta(days=40)
    await check_proofs(soon)
    await check_proofs(soon)
    waits = await fetch(
        "select execute_after - now() as wait from pgqueuer where entrypoint = 'check_proof' order by 1"
    )
    assert [round(row["wait"].total_seconds() / 3600) for row in waits] == [0, 3, 6, 9], "once each, over twelve hours"
    # before it is due a check looks nowhere
    asked = len(proving.website.heard)
    await check_proof(proof)
    assert len(proving.website.heard) == asked


async def test_a_file_that_is_still_there_holds_for_another_month(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    for _month in range(3):
        now = await at_due(proving, proof)
        row = await proving.row()
        assert (row["state"], row["failures"], row["checked_at"]) == ("proven", 0, now)
        assert timedelta(days=28) <= row["due_at"] - now <= timedelta(days=32)
    assert await fetch_value("select count(*) from audit where action = 'proof_held'") == 3


async def test_silence_changes_nothing_however_long_it_lasts(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    before = await proving.row()
    for status in (503, 0, 429, 500, 502):
        proving.website.status = status
        await at_due(proving, proof)
    row = await proving.row()
    assert (row["state"], row["failures"], row["checked_at"]) == ("proven", 0, before["checked_at"])
    assert row["due_at"] > before["due_at"] and await notices("proof_failing") == []


async def test_three_failures_in_a_row_end_it_and_who_can_prove_it_again_is_told(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    mia = await proving.world.site.member("mia")
    await proving.world.team(mia, "maintainer")
    token = proving.website.files.pop(PLACE)
    await at_due(proving, proof)
    assert await notices("proof_failing") == ["mia", "olga"]
    await at_due(proving, proof)
    proving.website.files[PLACE] = token
    await at_due(proving, proof)
    assert (await proving.row())["failures"] == 0, "two failures are forgotten once it holds"
    del proving.website.files[PLACE]
    for n in range(3):
        assert (await proving.row())["failures"] == n
        assert "verified" in said(await proving.world.site.guest().get("/p/pelican"))
        now = await at_due(proving, proof)
    row = await proving.row()
    assert (row["state"], row["due_at"], row["checked_at"]) == ("lapsed", None, now)
    assert await notices("proof_lapsed") == ["mia", "olga"], "not the supporter"
    home = said(await proving.world.site.guest().get("/p/pelican"))
    assert "not proven" in home and "verified" not in home
    assert "Lapsed" in said(await proving.world.owner.get("/p/pelican/settings/proof"))
    assert await fetch_value("select count(*) from audit where action = 'proof_lapsed' and actor_id is null") == 1
    await check_proof(proof, now + timedelta(days=400))
    assert len(await notices("proof_lapsed")) == 2
    await proving.prove_by_website()
    assert (await proving.row())["state"] == "proven"


async def test_a_project_that_names_another_address_loses_its_proof_at_the_next_look(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    await proving.names(website="https://python.example")
    asked = len(proving.website.heard)
    await at_due(proving, proof)
    assert (await proving.row())["state"] == "lapsed" and len(proving.website.heard) == asked
    assert await notices("proof_lapsed") == ["olga"]


async def test_what_an_operator_vouches_for_is_never_looked_at(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    await execute("update proof set due_at = 'infinity'")
    proving.website.files.clear()
    asked = len(proving.website.heard)
    later = datetime.now(UTC) + timedelta(days=4000)
    await check_proofs(later)
    await check_proof(proof, later)
    assert len(proving.website.heard) == asked and (await proving.row())["state"] == "proven"
    page = said(await proving.world.owner.get("/p/pelican/settings/proof"))
    assert "Verified" in page and "next look" not in page
    # pages that are gone are told of, and bring no look at the rest
    assert (await proving.world.owner.post(f"/proofs/{proof}/words")).status_code == 303
    assert await fetch_value("select due_at = 'infinity' from proof")


async def test_on_github_a_place_has_to_be_there_public_and_the_same_owners(proving: Proving) -> None:
    assert (await (await leave_for(proving, "repository")).arrive()).status_code == 303
    proof = (await proving.row())["id"]
    await at_due(proving, proof)
    assert (await proving.row())["failures"] == 0
    proving.github.tell(status=403)
    await at_due(proving, proof)
    assert (await proving.row())["failures"] == 0, "a limit says nothing"
    moved = {"heron/pond": {"moved": "/api/v3/repositories/9001"}}
    taken = {"heron/pond": {"id": 9001, "owner": 666, "admins": []}}
    for n, repositories in enumerate(({}, moved, taken), 1):
        proving.github.tell(status=None, repositories=repositories)
        await at_due(proving, proof)
        row = await proving.row()
        assert (row["failures"], row["state"]) == (n, "proven" if n < 3 else "lapsed")


async def test_a_check_that_comes_late_does_not_undo_a_proof_shown_meanwhile(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    due = (await proving.row())["due_at"]
    await execute("update proof set failures = 2 where id = $1", proof)
    await proving.prove_by_website()
    del proving.website.files[PLACE]
    await check_proof(proof, due - timedelta(days=1))
    assert (await proving.row())["state"] == "proven"


async def test_a_code_of_conduct_that_went_away_ends_verified_tells_and_comes_back(proving: Proving) -> None:
    proof = await proving.prove_by_website()
    proving.website.status = 503
    await at_due(proving, proof)
    assert "verified" in said(await proving.world.site.guest().get("/p/pelican")), "silence changes nothing"
    proving.website.status = 200
    text = proving.website.files.pop("/coc")
    now = await at_due(proving, proof)
    assert "verified" not in said(await proving.world.site.guest().get("/p/pelican"))
    assert await notices("proof_wordless") == ["olga"]
    row = await proving.row()
    assert (row["state"], row["due_at"]) == ("proven", now + timedelta(days=7))
    proving.website.files["/coc"] = text
    await at_due(proving, proof)
    assert "verified" in said(await proving.world.site.guest().get("/p/pelican"))
