"""The matrix of roles against the table of product.md, copied here by hand and not from the code."""

from itertools import product

import pytest

from forum.projects.roles import MATRIX, MODERATOR, TEAM, at_most, may, require
from forum.projects.rules import may_see_category, project_tabs, report_address, visible_categories
from forum.web.errors import Forbidden, SignInFirst
from forum.web.reader import GUEST, Reader

PROJECT, ELSEWHERE = 7, 8
COLUMNS = ("anybody", "requester", "supporter", "triager", "maintainer", "owner")
Y, N, OWN, ASSIGNED, INVITED = "yes", "", "own", "assigned", "invited"

# product.md, "Who may do what", row by row; each row names the deeds that its first cell lists.
TABLE = [
    ("read ask answer react", (Y, Y, Y, Y, Y, Y)),
    # the requester's row says "accept"; the triager's says "accept for the asker"
    ("accept", (N, OWN, ASSIGNED, Y, Y, Y)),
    ("close_own bump rate", (N, OWN, N, N, N, N)),
    ("read_private_ticket", (N, OWN, Y, Y, Y, Y)),
    ("read_security", (N, OWN, INVITED, INVITED, Y, Y)),
    (
        "whisper claim answer_for_team ask_for_facts use_templates snooze resolve close",
        (N, N, Y, Y, Y, Y),
    ),
    ("move assign merge split link", (N, N, ASSIGNED, Y, Y, Y)),
    ("take_in", (N, N, N, Y, Y, Y)),
    ("promote edit_project", (N, N, N, N, Y, Y)),
    ("moderate", (N, N, N, Y, Y, Y)),
    ("sell ban", (N, N, N, N, N, Y)),
    ("pay_out edit_team", (N, N, N, N, N, Y)),
]
EXPECTED = {
    (deed, role): cell
    for deeds, cells in TABLE
    for deed in deeds.split()
    for role, cell in zip(COLUMNS, cells, strict=True)
}
DEEDS = sorted({deed for deed, _ in EXPECTED})


def reader_of(role: str, project: int = PROJECT, site_role: str = "member") -> Reader:
    return Reader(id=1, username="sam", site_role=site_role, roles={project: role} if role in TEAM else {})


def test_every_deed_of_the_code_stands_in_the_table_of_product_md() -> None:
    assert sorted(MATRIX) == DEEDS


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", COLUMNS)
def test_each_role_may_do_exactly_what_the_table_says(role: str, deed: str) -> None:
    for own, assigned, invited in product((False, True), repeat=3):
        # the requester's column is what `own` means, in whatever role of the team they are besides
        is_own = own or role == "requester"
        true_here = {Y: True, N: False, OWN: is_own, ASSIGNED: assigned, INVITED: invited}
        cells = {EXPECTED[deed, role]} | ({EXPECTED[deed, "requester"]} if is_own else set())
        allowed = any(true_here[cell] for cell in cells)
        said = may(reader_of(role), deed, PROJECT, own=is_own, assigned=assigned, invited=invited)
        assert said is allowed, (role, deed, is_own, assigned, invited)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", TEAM)
def test_a_role_in_one_project_is_none_in_another(role: str, deed: str) -> None:
    stranger = reader_of(role, ELSEWHERE)
    assert may(stranger, deed, PROJECT, assigned=True, invited=True) is (EXPECTED[deed, "anybody"] == Y)


@pytest.mark.parametrize("deed", DEEDS)
def test_moderators_do_what_triagers_may_where_it_is_public_and_nothing_more(deed: str) -> None:
    triager, anybody = EXPECTED[deed, "triager"] == Y, EXPECTED[deed, "anybody"] == Y
    for site_role in ("moderator", "admin"):
        moderator = reader_of("anybody", site_role=site_role)
        assert may(moderator, deed, PROJECT, public=True) is triager
        assert may(moderator, deed, PROJECT, public=False) is anybody
    assert (deed in MODERATOR) is triager


def test_a_member_of_the_site_gains_nothing_from_a_thread_being_public() -> None:
    assert not may(reader_of("anybody"), "moderate", PROJECT, public=True)


@pytest.mark.parametrize(("granter", "role"), list(product((None, "requester", *TEAM), TEAM)))
def test_nobody_grants_a_role_above_their_own(granter: str | None, role: str) -> None:
    ladder = ["supporter", "triager", "maintainer", "owner"]
    assert at_most(granter, role) is (granter in ladder and ladder.index(role) <= ladder.index(granter))


def test_requiring_sends_guests_to_sign_in_and_refuses_outsiders() -> None:
    with pytest.raises(SignInFirst):
        require(GUEST, "edit_team", PROJECT)
    with pytest.raises(Forbidden):
        require(reader_of("maintainer"), "edit_team", PROJECT)
    require(reader_of("owner"), "edit_team", PROJECT)


def test_an_unknown_deed_is_an_error_and_not_a_no() -> None:
    with pytest.raises(KeyError):
        may(reader_of("owner"), "fly", PROJECT)


def category(visibility: str, kind: str = "support", readers: tuple[str, ...] = ()) -> dict[str, object]:
    return {
        "project_id": PROJECT,
        "slug": kind,
        "kind": kind,
        "visibility": visibility,
        "readers": list(readers),
    }


@pytest.mark.parametrize(
    ("visibility", "seen_by"),
    [
        ("public", {"guest", "anybody", *TEAM}),
        ("members", {"anybody", *TEAM}),
        ("team", set(TEAM)),
        ("private", {"maintainer", "owner"}),
        ("author", set()),
    ],
)
def test_a_category_is_named_to_those_who_may_read_it(visibility: str, seen_by: set[str]) -> None:
    row = category(visibility, readers=("maintainer", "owner"))
    readers = {"guest": GUEST} | {role: reader_of(role) for role in ("anybody", *TEAM)}
    assert {name for name, reader in readers.items() if may_see_category(reader, row)} == seen_by


def test_a_private_category_stays_unnamed_to_owners_of_other_projects_and_to_admins() -> None:
    row = category("private", readers=("maintainer", "owner"))
    outsiders = (reader_of("owner", ELSEWHERE), reader_of("anybody", site_role="admin"))
    assert not any(may_see_category(reader, row) for reader in outsiders)


def test_visible_categories_keep_their_order() -> None:
    rows = [category("public", "bugs"), category("private", "security", ("owner",)), category("public", "features")]
    assert [row["slug"] for row in visible_categories(reader_of("triager"), rows)] == ["bugs", "features"]
    assert [row["slug"] for row in visible_categories(reader_of("owner"), rows)] == ["bugs", "security", "features"]


def test_everybody_is_told_where_to_report_a_security_problem() -> None:
    rows = [category("public"), category("private", "security", ("owner",))]
    assert report_address("pelican", rows) == "/new-thread?project=pelican&category=security"
    assert report_address("pelican", rows[:1]) == ""


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        ("anybody", "threads supporters plans ledger about"),
        ("supporter", "threads inbox supporters plans ledger dashboard about"),
        ("triager", "threads inbox supporters plans ledger dashboard about"),
        ("maintainer", "threads inbox supporters plans ledger dashboard about settings"),
        ("owner", "threads inbox supporters plans ledger dashboard bumps about settings"),
    ],
)
def test_the_bar_shows_the_pages_a_reader_may_open(role: str, tabs: str) -> None:
    project = {"id": PROJECT, "slug": "pelican", "waiting": 31}
    shown = project_tabs(reader_of(role), project, "about")
    addresses = {"threads": "/c/pelican", "about": "/p/pelican"}
    assert [address for address, *_ in shown] == [addresses.get(tab, f"/p/pelican/{tab}") for tab in tabs.split()]
    assert [address for address, _, here, _ in shown if here] == ["/p/pelican"]
    assert [count for *_, count in shown if count is not None] == ([31] if role in TEAM else [])
