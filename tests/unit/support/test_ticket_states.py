"""A ticket's life: every pair of state and event against a table written out by hand from product.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.support.states import (
    CLOCK,
    ROWS,
    TRANSITIONS,
    Clock,
    Effect,
    Life,
    Refused,
    TicketEvent,
    TicketState,
    clock,
    declare,
    in_queue,
    next_state,
    step,
)

# . refused, = unchanged, < as before, v the state beneath moves on; capital: first letter of the new state
TABLE = """
                        none draft waiting needs_facts answered resolved closed merged suspended
asked                   D    .     .       .           .        .        .      .      .
taken_in                W    .     .       .           .        .        .      .      .
submitted               .    W     .       .           .        .        .      .      .
team_answered           .    =     A       A           =        =        =      =      v
facts_asked             .    .     N       =           N        .        .      .      v
requester_replied       .    =     =       W           W        W        W      =      v
reopened                .    .     .       W           W        W        W      .      v
thanked                 .    =     =       =           =        =        =      =      v
outsider_wrote          .    =     =       =           =        =        =      =      v
whispered               .    =     =       =           =        =        =      =      v
snoozed                 .    .     =       .           .        .        .      .      v
accepted                .    =     R       R           R        =        =      =      v
acceptance_taken_back   .    =     =       =           =        <        =      =      v
team_resolved           .    .     R       R           R        =        .      .      v
went_silent             .    .     .       C           C        .        .      .      .
closed                  .    .     C       C           C        C        =      .      C
merged                  .    .     M       M           M        M        M      =      M
merge_undone            .    .     .       .           .        .        .      <      .
moved_out               .    =     S       S           S        S        S      v      =
moved_back              .    =     =       =           =        =        =      v      <
"""
LETTERS = {state.name[0]: state for state in TicketState}
STATES = {None, *TicketState}
HEAD, *LINES = [line.split() for line in TABLE.strip().splitlines()]
PAIRS = [
    (None if state == "none" else TicketState(state), TicketEvent(event), code)
    for event, *codes in LINES
    for state, code in zip(HEAD, codes, strict=True)
]
CODES = {(state, event): code for state, event, code in PAIRS}
OPEN = ("waiting", "needs_facts", "answered")
BEFORES = {"resolved": OPEN, "merged": (*OPEN, "closed"), "suspended": (*OPEN, "closed")}
LIVES = [Life(state) for state in (None, *TicketState) if state not in BEFORES] + [
    Life(TicketState(state), (TicketState(before),)) for state, befores in BEFORES.items() for before in befores
]
NEW_WAIT = {
    (None, "taken_in"),
    ("draft", "submitted"),
    ("answered", "requester_replied"),
    ("answered", "reopened"),
    ("resolved", "requester_replied"),
    ("resolved", "reopened"),
    ("closed", "requester_replied"),
    ("closed", "reopened"),
}


def live(*events: str) -> Life:
    """The life after these events, from nothing."""
    life = Life()
    for event in events:
        life = step(life, TicketEvent(event)).life
    return life


ASKED = ("asked", "submitted")


def test_the_hand_written_table_has_every_pair_once() -> None:
    assert len(PAIRS) == len({pair[:2] for pair in PAIRS}) == len(STATES) * len(TicketEvent)


def told(life: Life, event: TicketEvent) -> TicketState | None:
    """The state after the event by the hand-written table; None where it is refused."""
    code = CODES[life.state, event]
    if code == "v":
        allowed = told(Life(life.under[0]), event)
        return life.state if allowed else None
    return LETTERS.get(code) or {"=": life.state, "<": life.under[0] if life.under else None, ".": None}[code]


@pytest.mark.parametrize("event", TicketEvent)
@pytest.mark.parametrize("life", LIVES)
def test_every_pair_of_state_and_event(life: Life, event: TicketEvent) -> None:
    before = life.under[0] if life.under else None
    expected = told(life, event)
    if expected is None:
        with pytest.raises(Refused, match=r"^[A-Z].*\.$"):
            next_state(life.state, event, before)
        return
    assert next_state(life.state, event, before) is expected
    taken = step(life, event)
    assert taken.life.state is expected
    counted = life
    if CODES[life.state, event] == "v":
        counted = Life(life.under[0])
    assert taken.sets_waiting_since == ((counted.state, event) in NEW_WAIT)
    assert taken.is_team_answer == (event == "team_answered" and counted.state not in ("draft", "merged", "suspended"))
    if CODES[life.state, event] == "=":
        assert taken.life == life


def test_facts_keep_the_place_and_pause_the_clock() -> None:
    asked = step(live(*ASKED), TicketEvent.FACTS_ASKED)
    assert clock(asked.life) is Clock.PAUSED
    assert not asked.is_team_answer
    assert not in_queue(asked.life, 5000)
    back = step(asked.life, TicketEvent.REQUESTER_REPLIED)
    assert (back.life.state, back.sets_waiting_since) == ("waiting", False)
    assert clock(back.life) is Clock.RUNS


@pytest.mark.parametrize("before", ["waiting", "needs_facts", "answered"])
def test_acceptance_taken_back_returns_to_the_state_before(before: str) -> None:
    path = {"waiting": (), "needs_facts": ("facts_asked",), "answered": ("team_answered",)}[before]
    for detour in (
        (),
        ("moved_out", "moved_back"),
        ("merged", "merge_undone"),
        ("accepted", "team_resolved"),
    ):
        assert live(*ASKED, *path, "accepted", *detour, "acceptance_taken_back") == Life(TicketState(before))


def test_merge_and_move_can_lie_on_top_of_each_other() -> None:
    life = live(*ASKED, "team_answered", "accepted", "moved_out", "merged")
    assert life.under == ("answered", "resolved", "suspended")
    undone = step(life, TicketEvent.MERGE_UNDONE).life
    assert undone == live(*ASKED, "team_answered", "accepted", "moved_out")
    assert step(undone, TicketEvent.MOVED_BACK).life == live(*ASKED, "team_answered", "accepted")


def test_thread_moved_while_merged_is_known_when_the_merge_is_undone() -> None:
    assert live(*ASKED, "merged", "moved_out", "merge_undone") == Life(TicketState.SUSPENDED, (TicketState.WAITING,))
    assert live(*ASKED, "moved_out", "merged", "moved_back", "merge_undone") == Life(TicketState.WAITING)


def test_paid_ticket_moved_away_keeps_its_place_until_answered_or_refunded() -> None:
    away = live(*ASKED, "moved_out")
    assert in_queue(away, 5000)
    assert not in_queue(away, 0)
    assert clock(away) is Clock.RUNS
    answered = step(away, TicketEvent.TEAM_ANSWERED)
    assert answered.is_team_answer
    assert not in_queue(answered.life, 5000)
    assert step(answered.life, TicketEvent.MOVED_BACK).life == Life(TicketState.ANSWERED)


def test_reply_to_an_answered_ticket_that_was_moved_away_begins_a_new_wait() -> None:
    taken = step(live(*ASKED, "team_answered", "moved_out"), TicketEvent.REQUESTER_REPLIED)
    assert taken.sets_waiting_since
    assert step(taken.life, TicketEvent.MOVED_BACK).life == Life(TicketState.WAITING)


def test_suspended_ticket_refuses_what_the_state_beneath_refuses() -> None:
    with pytest.raises(Refused):
        step(live(*ASKED, "moved_out"), TicketEvent.REOPENED)


@pytest.mark.parametrize("life", LIVES)
def test_only_waiting_tickets_and_paid_ones_moved_away_hold_a_place(life: Life) -> None:
    moved_away = life == Life(TicketState.SUSPENDED, (TicketState.WAITING,))
    assert in_queue(life, 5000) == (life.state == "waiting" or moved_away)
    assert in_queue(life, 0) == (life.state == "waiting")


def test_going_back_without_knowing_where_to_is_a_bug_not_a_refusal() -> None:
    with pytest.raises(ValueError, match="needs the state before it") as caught:
        next_state(TicketState.MERGED, TicketEvent.MERGE_UNDONE)
    assert not isinstance(caught.value, Refused)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (((TicketState.DRAFT,), (TicketEvent.SUBMITTED,), TicketState.ANSWERED), "twice"),
        (((TicketState.DRAFT,), (TicketEvent.REOPENED,), Effect.BEFORE), "remembers no state"),
    ],
)
def test_contradictory_declaration_is_noticed_at_import(row: tuple, fault: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=fault):
        declare((*ROWS, row))


def test_state_that_nothing_leads_to_is_noticed_at_import() -> None:
    with pytest.raises(ValueError, match="merged"):
        declare(row for row in ROWS if TicketEvent.MERGED not in row[1])


@given(st.lists(st.sampled_from(TicketEvent), max_size=40))
def test_no_story_loses_a_ticket(events: list[TicketEvent]) -> None:
    """Whatever happens, in whatever order: the way back stays short, known, and free of drafts."""
    life = Life()
    for event in [TicketEvent.TAKEN_IN, *events]:
        try:
            life = step(life, event).life
        except Refused:
            assert TRANSITIONS.get((life.state, event)) in (None, Effect.BENEATH)
        assert life.state not in (None, TicketState.DRAFT)
        assert len(life.under) <= 3
        assert len(set(life.under) | {life.state}) == len(life.under) + 1
        assert bool(life.under) == (life.state in ("resolved", "merged", "suspended"))
        assert clock(life) in set(CLOCK.values())
