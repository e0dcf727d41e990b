"""What Meilisearch is asked: query texts that mean exactly so, filters that mean what the rule of visibility means."""

from hypothesis import given
from hypothesis import strategies as st

from forum.web.reader import GUEST, Reader
from search.meili.asking import PLAIN_TAG, Narrowed, Stems, filters, loose, strict, typed
from search.meili.breaker import Breaker
from tests.standins.meilisearch_filters import Document, read
from tests.standins.meilisearch_words import parse

FILTERABLE = ("readers", "whisper", "project", "thread", "author", "tags", "state")


def test_words_are_asked_for_exactly_or_nearly() -> None:
    asked = Stems(["resampl", "last window"], ["last window"], ["no cach"], ["resampling", "last wind"])
    assert strict(asked) == '-"no cach" "last window" "resampl" "last" "window"'
    assert loose(asked) == '-"no cach" "last window" resampl last window'
    assert typed(asked) == '-"no cach" "last window" resampling last wind'


def test_what_the_server_would_cut_off_is_not_asked() -> None:
    ten = [f"w{n}" for n in range(10)]
    assert len(parse(strict(Stems(ten)) or "").terms) == 10
    assert strict(Stems([*ten, "more"])) is None
    assert strict(Stems(ten, ["w1 w2"])) is None
    assert strict(Stems([])) is None and loose(Stems(["", " "])) is None


@given(st.lists(st.text(max_size=20), max_size=12), st.lists(st.text(max_size=20), max_size=3))
def test_no_text_leaves_its_quotes(words: list[str], without: list[str]) -> None:
    text = strict(Stems(words, without=without))
    if text is not None:
        assert text.count('"') % 2 == 0
        assert all(term.is_phrase for term in parse(text).terms)


def document(**given: object) -> Document:
    return {"readers": ["all"], "whisper": False, "project": 1, "author": 1, "tags": [], "state": "open", **given}


def sees(reader: Reader, **given: object) -> bool:
    return read(filters(reader, [40], Narrowed()), FILTERABLE)(document(**given))


def test_the_filter_opens_to_each_reader_what_is_theirs_alone() -> None:
    member, team = Reader(id=4), Reader(id=5, roles={1: "supporter", 3: "owner"})
    assert sees(GUEST) and sees(member) and sees(team)
    assert not sees(GUEST, readers=["members"]) and sees(member, readers=["members"])
    assert not sees(member, readers=["t1"]) and sees(team, readers=["t1"]) and not sees(team, readers=["t2"])
    # 44 and 4 are other people; 40 is a placeholder that the reader has claimed
    assert sees(member, readers=["p4"]) and not sees(member, readers=["p44"]) and sees(member, readers=["p40"])
    assert not sees(GUEST, readers=["p4"]) and not sees(team, readers=["p4"])
    assert sees(team, readers=["r3-owner"]) and not sees(team, readers=["r1-owner"])
    assert not sees(member, readers=["r3-owner"]) and not sees(member, readers=[])
    # whispers are the team's, in threads that they may read
    assert sees(team, whisper=True) and not sees(team, whisper=True, project=2)
    assert not sees(GUEST, whisper=True) and not sees(member, whisper=True, readers=["p4"])
    assert not sees(team, whisper=True, readers=["p9"])


def test_the_filter_narrows() -> None:
    def fits(narrowed: Narrowed, **given: object) -> bool:
        return read(filters(GUEST, [], narrowed), FILTERABLE)(document(**given))

    assert fits(Narrowed(project=1)) and not fits(Narrowed(project=2))
    assert fits(Narrowed(tags=["c++", "a b"]), tags=["a b", "c++"]) and not fits(Narrowed(tags=["c"]), tags=["c++"])
    assert fits(Narrowed(solved=True), state="solved") and not fits(Narrowed(solved=True))
    assert fits(Narrowed(solved=False)) and not fits(Narrowed(solved=False), state="closed")
    assert fits(Narrowed(authors=[7, 1])) and not fits(Narrowed(authors=[7])) and not fits(Narrowed(authors=[]))


@given(st.text(max_size=30))
def test_no_tag_breaks_out_of_a_filter(tag: str) -> None:
    if PLAIN_TAG.fullmatch(tag):
        test = read(filters(GUEST, [], Narrowed(tags=[tag])), FILTERABLE)
        assert test(document(tags=[tag])) and not test(document(tags=[tag], readers=["members"]))


def test_after_a_failure_one_tries_at_a_time() -> None:
    now = [100.0]
    breaker = Breaker(10, lambda: now[0])
    assert breaker.may_try() and breaker.may_try()
    assert breaker.failed("no answer") and not breaker.failed("no answer")
    assert not breaker.may_try()
    now[0] += 9.9
    assert not breaker.may_try()
    now[0] += 0.2
    assert breaker.may_try() and not breaker.may_try()
    now[0] += 10.1
    assert breaker.may_try()
    assert breaker.worked() and not breaker.worked()
    assert breaker.may_try() and breaker.may_try() and not breaker.why
