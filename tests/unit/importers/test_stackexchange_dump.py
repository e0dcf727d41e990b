"""Reading data dumps: shapes and quirks, faults told by line, hostile XML refused before anything is written."""

from pathlib import Path

import pytest

from importers.faults import Malformed
from importers.stackexchange.dump import Dump
from importers.stackexchange.records import Question, markdown_of, of_comment
from importers.stackexchange.rows import ROW_MOST, BadDump
from importers.stackexchange.sites import host_of
from tests.helpers.stackexchange import HOST, answer, comment, question, votes, write_dump, xml_of


def read(folder: Path) -> tuple[list[Question], list[Malformed]]:
    dump = Dump(folder, folder.parent / "spool")
    try:
        count = dump.read()
        found = list(dump.questions())
        assert count == len(found)
        return found, dump.faults
    finally:
        dump.close()
        (folder.parent / "spool").unlink()


def test_a_question_comes_with_all_that_is_below_it(tmp_path: Path) -> None:
    posts = [question(1, AcceptedAnswerId=3), answer(2, 1), answer(3, 1, CreationDate="2021-05-01T10:00:00.000")]
    folder = write_dump(
        tmp_path,
        posts,
        Comments=[comment(5, 2), comment(4, 1)],
        Votes=votes(1, 4, 1) + votes(3, 2, 0, "2021-05-03T00:00:00.000"),
    )

    (found,), faults = read(folder)

    assert not faults
    assert [entry.key for entry in found.entries] == ["posts/1", "posts/3", "posts/2", "comments/4", "comments/5"]
    assert (found.title, found.tags, found.accepted) == ("Why does the pump stop?", ("pump", "night-time"), 3)
    first, third = found.entries[0], found.entries[1]
    assert (first.owner.id, first.owner.name, first.score, first.up, first.down) == (7, "Ada Heron", 3, 4, 1)
    assert (third.owner.name, third.up, third.down) == ("Bo & Co", 2, 0)
    assert f"{first.created_at:%Y-%m-%d %H:%M:%S %z}" == "2021-05-01 08:00:00 +0000"
    assert found.accepted_at is not None and f"{found.accepted_at:%Y-%m-%d}" == "2021-05-03"


def test_a_comment_never_stands_before_what_it_is_about(tmp_path: Path) -> None:
    early = comment(9, 2, CreationDate="2021-05-01T09:00:00.000")
    (found,), _faults = read(write_dump(tmp_path, [question(1), answer(2, 1)], Comments=[early]))

    assert [entry.key for entry in found.entries] == ["posts/1", "posts/2", "comments/9"]


def test_whoever_is_gone_has_a_name_and_no_number(tmp_path: Path) -> None:
    posts = [
        question(1, OwnerUserId=None, OwnerDisplayName="user17"),
        answer(2, 1, OwnerUserId=None),
        answer(3, 1, OwnerUserId=-1),
        answer(4, 1, OwnerUserId=99),
    ]
    users = [{"Id": -1, "DisplayName": "Community"}]
    (found,), _faults = read(
        write_dump(tmp_path, posts, Users=users, Comments=[comment(5, 1, UserId=None, UserDisplayName="eve")])
    )

    owners = {entry.key: (entry.owner.id, entry.owner.name) for entry in found.entries}
    assert owners == {
        "posts/1": (None, "user17"),
        "posts/2": (None, "deleted user"),
        "posts/3": (-1, "Community"),
        "posts/4": (99, "user99"),
        "comments/5": (None, "eve"),
    }


def test_each_row_has_its_own_licence(tmp_path: Path) -> None:
    posts = [
        question(1, ContentLicense="CC BY-SA 3.0"),
        answer(2, 1, ContentLicense=None, CreationDate="2010-01-01T00:00:00.000"),
        answer(
            3, 1, ContentLicense=None, CreationDate="2010-01-01T00:00:00.000", LastEditDate="2012-01-01T00:00:00.000"
        ),
        answer(4, 1, ContentLicense="WTFPL"),
    ]
    (found,), faults = read(write_dump(tmp_path, posts))

    assert {e.id: e.licence for e in found.entries} == {1: "CC BY-SA 3.0", 2: "CC BY-SA 2.5", 3: "CC BY-SA 3.0"}
    assert faults == [Malformed("Posts.xml, line 6 (post 4)", "its licence is not known (WTFPL)")]


def test_a_duplicate_is_closed_as_one_of_another_question(tmp_path: Path) -> None:
    posts = [question(1), question(2, ClosedDate="2021-06-01T00:00:00.000"), question(3)]
    links = [
        {"Id": 1, "PostId": 2, "RelatedPostId": 3, "LinkTypeId": 1},
        {"Id": 2, "PostId": 2, "RelatedPostId": 1, "LinkTypeId": 3},
        {"Id": 3, "PostId": 3, "RelatedPostId": 1, "LinkTypeId": 3},
    ]
    found, _faults = read(write_dump(tmp_path, posts, PostLinks=links))

    # one that was opened again is no duplicate any more
    assert [(q.duplicate_of, q.closed_at is not None) for q in found] == [(None, False), (1, True), (None, False)]


def test_tags_stand_in_angle_brackets_or_between_bars(tmp_path: Path) -> None:
    found, _faults = read(
        write_dump(tmp_path, [question(1, Tags="<c++><.net>"), question(2, Tags="|c#|a|"), question(3, Tags=None)])
    )

    assert [q.tags for q in found] == [("c++", ".net"), ("c#", "a"), ()]


def test_what_cannot_be_read_is_told_by_its_line_and_left_out(tmp_path: Path) -> None:
    posts = [
        question(1),
        question(1, "Once more"),
        question(2, CreationDate="yesterday"),
        question(3, Id="three"),
        question(4, Body=None),
        question(5, PostTypeId=17),
        answer(6, 77),
        answer(7, 1, ParentId=None),
        question(8, PostTypeId=5),
        question(9, "?", Score="many", Tags="<a>"),
    ]
    comments = [comment(1, 1), comment(2, 77), comment(3, 1, Text=None), comment(4, 1, CreationDate="")]
    users = [{"Id": 7, "DisplayName": "A"}, {"Id": "x"}, {"Id": 7, "DisplayName": "B"}]
    found, faults = read(write_dump(tmp_path, posts, Comments=comments, Users=users, Votes=votes(55, 2), Tags=None))

    assert [q.id for q in found] == [1, 9]
    assert (found[1].title, found[1].entries[0].score) == ("? (question 9)", None)
    assert {fault.where: fault.why for fault in faults} == {
        "Posts.xml, line 4 (post 1)": "this id occurs twice; the first one counts",
        "Posts.xml, line 5 (post 2)": "it has no date that can be read",
        "Posts.xml, line 6": "it has no id that can be read",
        "Posts.xml, line 7 (post 4)": "it has no text",
        "Posts.xml, line 8 (post 5)": "it is neither a question nor an answer",
        "Posts.xml, line 9 (post 6)": "its question 77 is not here",
        "Posts.xml, line 10 (post 7)": "it has no question that it answers that can be read",
        "Posts.xml": "1 tag wikis belong to no thread",
        "Users.xml, line 4": "it has no id that can be read",
        "Users.xml, line 5 (user 7)": "this id occurs twice; the first one counts",
        "Comments.xml, line 4 (comment 2)": "no question or answer 77 is here",
        "Comments.xml, line 5 (comment 3)": "it has no text",
        "Comments.xml, line 6 (comment 4)": "it has no date that can be read",
        "Votes.xml": "2 votes are about 1 posts that are not here",
        "Tags.xml": "this file is missing",
    }


BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE posts [\n <!ENTITY a "ha">\n'
    + b"".join(b' <!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">\n' % (c, *[c - 1] * 8) for c in b"bcdefghij")
    + b']>\n<posts><row Id="1" PostTypeId="1" Body="&j;" /></posts>'
)
OUTSIDE = b'<?xml version="1.0"?>\n<!DOCTYPE posts SYSTEM "file:///etc/hostname">\n<posts></posts>'
WHOLE = xml_of("posts", [question(1), question(2)]).encode()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOMB, "line 2: it declares a document type or entities"),
        (OUTSIDE, "line 2: it declares a document type or entities"),
        (WHOLE[: WHOLE.index(b'Id="2"') + 40], "line 4"),
        (WHOLE[: WHOLE.index(b"</posts>")], "line 5: the file breaks off"),
        (WHOLE.replace(b"</posts>", b"<row>"), "line"),
        (WHOLE.replace(b'Id="2"', b"Id=2"), "line 4: not well-formed"),
        (WHOLE.replace(b'Id="2"', b'Id="2" Id="3"'), "line 4: duplicate attribute"),
        (WHOLE.replace(b"It ran", b"\x00"), "line 3: not well-formed"),
        (WHOLE.replace(b"It ran", b"&#0;"), "line 3: reference to invalid character"),
        (WHOLE.replace(b"It ran", b"\xff\xfe"), "line 3: not well-formed"),
        (WHOLE.replace(b"It ran", b"&j;"), "line 3: undefined entity"),
        (WHOLE.replace(b"posts>", b"users>"), "line 2: it holds <users>, not <posts>"),
        (WHOLE.replace(b'encoding="utf-8"', b'encoding="klingon"'), "line 1: unknown encoding"),
        (b"", "line 1: the file breaks off"),
        (b"PK\x03\x04 a 7z file", "line 1: not well-formed"),
        (b"<posts><row Body='" + b"x" * (ROW_MOST + 200_000) + b"'/></posts>", "line 1: one row holds more than"),
    ],
)
def test_a_dump_that_is_none_is_refused_with_the_line(tmp_path: Path, content: bytes, told: str) -> None:
    folder = write_dump(tmp_path, [], Posts2=None)
    (folder / "Posts.xml").write_bytes(content)

    with pytest.raises(BadDump) as refused:
        read(folder)

    assert str(refused.value).startswith("Posts.xml, ") and told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["Users", "Comments", "Votes", "Tags", "PostLinks"])
def test_every_file_has_to_be_whole(tmp_path: Path, name: str) -> None:
    folder = write_dump(tmp_path, [question(1)], **{name: xml_of(name.lower(), [{"Id": 1}]).encode()[:-14]})

    with pytest.raises(BadDump, match=f"{name}.xml, line"):
        read(folder)


def test_a_folder_without_the_files_is_no_dump(tmp_path: Path) -> None:
    for folder, told in (
        (tmp_path / "nowhere", "no such folder"),
        (write_dump(tmp_path, [], Users=None), "Users.xml is not there"),
    ):
        with pytest.raises(BadDump, match=told):
            Dump(folder, tmp_path / "spool")


def test_rows_are_rows_and_nothing_else(tmp_path: Path) -> None:
    odd = WHOLE.replace(b"</posts>", b"<column Id='3'/><row Id='4'><b/></row></posts>")
    found, faults = read(write_dump(tmp_path, [], Posts=odd))

    assert [q.id for q in found] == [1, 2]
    assert [(f.where, f.why) for f in faults] == [
        ("Posts.xml, line 5", "<column> is no row"),
        ("Posts.xml, line 5", "a row holds no other elements"),
    ]


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ("stackoverflow", "stackoverflow.com"),
        ("StackOverflow.com", "stackoverflow.com"),
        ("es.stackoverflow", "es.stackoverflow.com"),
        ("meta.superuser", "meta.superuser.com"),
        ("cardano", "cardano.stackexchange.com"),
        ("french.meta", "french.meta.stackexchange.com"),
        ("meta", "meta.stackexchange.com"),
        ("mathoverflow.net", "mathoverflow.net"),
        ("https://unix.stackexchange.com/", "unix.stackexchange.com"),
        ("", None),
        ("a b", None),
        ("../x", None),
        ("évil", None),
        ("x@y.com", None),
    ],
)
def test_a_site_has_one_host(site: str, host: str | None) -> None:
    assert host_of(site) == host


def test_comments_mean_only_emphasis_links_and_code() -> None:
    assert of_comment("use <b> and `a <b>`\n# 1\n1. x ![i](u) | :tada:") == (
        "use \\<b> and `a <b>`\n\\# 1\n1\\. x \\![i](u) \\| \\:tada:"
    )


def test_a_text_too_long_is_cut_with_a_link_to_the_whole(tmp_path: Path) -> None:
    long = "<pre><code>" + "a line of code\n" * 9_000 + "</code></pre>"
    (found,), _faults = read(write_dump(tmp_path, [question(1, Body=long)]))

    markdown = markdown_of(found.entries[0], HOST, "https://pond.stackexchange.com/q/1")

    assert len(markdown) <= 100_000
    assert markdown.endswith(
        "\n```\n\nThe rest of this long text is [on pond.stackexchange.com](https://pond.stackexchange.com/q/1)."
    )
