"""The ledger against a toy one, which is a dictionary: any sequence of movements leaves the same balances in both, and
both refuse the same."""

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.web.errors import Conflict
from payouts.bumps.rules import METHODS, entries_of, price_of
from payouts.ledger.actions import Overdrawn
from payouts.ledger.rules import KEPT, SITE, Cause, Entry
from tests.helpers.books import Books, negated

AMOUNTS = st.integers(1, 3_000)
PEOPLE = st.integers(0, 1)
MOVES = st.one_of(
    st.tuples(st.just("bump"), st.sampled_from(sorted(METHODS)), AMOUNTS, st.sampled_from([0, 700, 1900])),
    st.tuples(st.just("refund"), st.integers(0, 5)),
    st.tuples(st.just("payout_run"), st.tuples(AMOUNTS, AMOUNTS), st.integers(0, 500)),
    st.tuples(st.just("payout"), PEOPLE, AMOUNTS),
    st.tuples(st.just("settlement"), AMOUNTS),
    # again what was posted as the n-th, under its key; the second with other figures
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("again otherwise"), st.integers(0, 5)),
)


class Toy:
    """A ledger in a dictionary. Its rules are written here once more, not taken from the code."""

    def __init__(self) -> None:
        self.held: dict[tuple[int | None, str, int | None], int] = defaultdict(int)
        self.posted: dict[str, list[Entry]] = {}

    def post(self, key: str, entries: list[Entry], kind: str) -> str:
        if key in self.posted:
            return "there" if self.posted[key] == entries else "refused"
        after = dict(self.held)
        for entry in entries:
            place = (entry.holder, entry.kind, entry.person)
            after[place] = after.get(place, 0) + entry.amount
        for entry in entries:
            rest = after[entry.holder, entry.kind, entry.person]
            if entry.kind in ("pool", "kept", "payable") and entry.amount > 0 and rest > 0 and kind != "refund":
                return "overdrawn"
        self.held = defaultdict(int, after)
        self.posted[key] = entries
        return "new"


async def done(books: Books, key: str, entries: list[Entry], kind: Cause) -> str:
    try:
        return "new" if (await books.post(key, entries, kind=kind)).is_new else "there"
    except Overdrawn:
        return "overdrawn"
    except Conflict:
        return "refused"


def entries_for(books: Books, move: tuple[Any, ...], bumps: list[list[Entry]]) -> list[Entry]:
    match move:
        case ("bump", method, amount, rate):
            return entries_of(price_of(amount, rate), METHODS[method], books.entity)
        case ("refund", n):
            return negated(bumps[n % len(bumps)]) if bumps else []
        case ("payout_run", given, kept):
            return books.run(dict(zip(books.people, given, strict=True)), kept)
        case ("payout", person, amount):
            return books.payout(books.people[person], amount)
        case ("settlement", amount):
            return books.settlement(amount)
    raise ValueError(move)


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=25))
async def test_any_sequence_of_movements_leaves_what_a_toy_ledger_has(
    database: str, moves: list[tuple[Any, ...]]
) -> None:
    books, toy, bumps = await Books.make(), Toy(), list[list[Entry]]()
    written: list[tuple[str, list[Entry], Cause]] = []
    for n, move in enumerate(moves):
        if str(move[0]).startswith("again"):
            if not written:
                continue
            key, entries, kind = written[move[1] % len(written)]
            if move[0] == "again otherwise":
                entries = [Entry(e.holder, e.kind, 2 * e.amount, e.person) for e in entries]
        else:
            key, entries, kind = f"move {n}", [e for e in entries_for(books, move, bumps) if e.amount], move[0]
            if not entries:
                continue
        expected = toy.post(key, entries, kind)
        assert await done(books, key, entries, kind) == expected, move
        if expected == "new":
            written.append((key, entries, kind))
            if kind == "bump":
                bumps.append(entries)
    assert await books.balances() == {place: held for place, held in toy.held.items() if held}
    for holder in (books.entity, SITE):
        assert sum(held for place, held in toy.held.items() if place[0] == holder) == 0
    assert {"pool", "kept", "payable"} == KEPT
