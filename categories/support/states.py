"""A ticket's life: its states, what can happen to it, and the one table that says what follows (pure).

Source: product.md, "A ticket's life". Principle for the pairs that table leaves open: what happens to the
*thread* (somebody writes, an answer is accepted, it moves) is never refused because of its ticket; a command
to the *ticket* that makes no sense in its state is `Refused`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from forum.web.i18n import _


class TicketState(StrEnum):
    """Where a ticket is in its life; the value is what the database keeps."""

    DRAFT = "draft"
    WAITING = "waiting"
    NEEDS_FACTS = "needs_facts"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"
    SUSPENDED = "suspended"


class TicketEvent(StrEnum):
    """What can happen to a ticket, by whichever door (page, API, mail) it came."""

    ASKED = "asked"  # asked in a support category, or an imported thread claimed by its author
    TAKEN_IN = "taken_in"  # a triager takes an imported thread in, or moves a native one into support
    SUBMITTED = "submitted"
    TEAM_ANSWERED = "team_answered"  # public reply of purpose reply or resolve, by the team, not by a requester
    FACTS_ASKED = "facts_asked"
    REQUESTER_REPLIED = "requester_replied"  # any requester of the ticket, on the team or not
    REOPENED = "reopened"  # by a requester, without a word
    THANKED = "thanked"  # a requester's "just thanks"
    OUTSIDER_WROTE = "outsider_wrote"
    WHISPERED = "whispered"
    SNOOZED = "snoozed"
    ACCEPTED = "accepted"  # an answer was accepted, whoever wrote it
    ACCEPTANCE_TAKEN_BACK = "acceptance_taken_back"
    TEAM_RESOLVED = "team_resolved"  # "answer and resolve" is TEAM_ANSWERED, then this
    WENT_SILENT = "went_silent"  # 30 days of silence
    CLOSED = "closed"  # by a requester or the team
    MERGED = "merged"  # into another ticket
    MERGE_UNDONE = "merge_undone"
    MOVED_OUT = "moved_out"  # its home thread left support
    MOVED_BACK = "moved_back"


class Effect(Enum):
    """What follows where it is not simply another state."""

    UNCHANGED = "unchanged"
    BEFORE = "as before"  # back to the state it had when it entered this one
    BENEATH = "beneath"  # the state stays, the one it will return to moves on by the same table


class Clock(Enum):
    """What a guarantee's clock does."""

    OFF = "off"  # nothing promised yet, or the promise is settled
    RUNS = "runs"
    PAUSED = "paused"


class Refused(ValueError):
    """The ticket's state does not allow this; the message is a sentence for people."""


S, E = TicketState, TicketEvent
From = TicketState | None  # None: there is no ticket yet
Row = tuple[tuple[From, ...], tuple[TicketEvent, ...], TicketState | Effect]

_POSTS = (E.TEAM_ANSWERED, E.REQUESTER_REPLIED, E.THANKED, E.OUTSIDER_WROTE, E.WHISPERED)
_ACCEPTANCE = (E.ACCEPTED, E.ACCEPTANCE_TAKEN_BACK)
_MOVES = (E.MOVED_OUT, E.MOVED_BACK)
_OPEN = (S.WAITING, S.NEEDS_FACTS, S.ANSWERED)
_LIVE = (*_OPEN, S.RESOLVED, S.CLOSED)

ROWS: tuple[Row, ...] = (
    # product.md's table, row by row
    ((None,), (E.ASKED,), S.DRAFT),
    ((None,), (E.TAKEN_IN,), S.WAITING),
    ((S.DRAFT,), (E.SUBMITTED,), S.WAITING),
    ((S.WAITING, S.NEEDS_FACTS), (E.TEAM_ANSWERED,), S.ANSWERED),
    ((S.WAITING, S.ANSWERED), (E.FACTS_ASKED,), S.NEEDS_FACTS),
    ((S.NEEDS_FACTS, S.ANSWERED, S.RESOLVED, S.CLOSED), (E.REQUESTER_REPLIED, E.REOPENED), S.WAITING),
    (_LIVE, (E.THANKED, E.OUTSIDER_WROTE), Effect.UNCHANGED),
    (_OPEN, (E.ACCEPTED, E.TEAM_RESOLVED), S.RESOLVED),
    ((S.RESOLVED,), (E.ACCEPTANCE_TAKEN_BACK,), Effect.BEFORE),
    ((S.ANSWERED, S.NEEDS_FACTS), (E.WENT_SILENT,), S.CLOSED),
    ((*_OPEN, S.RESOLVED, S.SUSPENDED), (E.CLOSED,), S.CLOSED),
    ((*_LIVE, S.SUSPENDED), (E.MERGED,), S.MERGED),
    ((S.MERGED,), (E.MERGE_UNDONE,), Effect.BEFORE),
    (_LIVE, (E.MOVED_OUT,), S.SUSPENDED),
    ((S.SUSPENDED,), (E.MOVED_BACK,), Effect.BEFORE),
    # a reply to a waiting ticket (adding a log) sends nobody back; further team answers change nothing
    ((S.WAITING,), (E.REQUESTER_REPLIED, E.SNOOZED), Effect.UNCHANGED),
    ((S.ANSWERED, S.RESOLVED, S.CLOSED), (E.TEAM_ANSWERED,), Effect.UNCHANGED),
    (_LIVE, (E.WHISPERED,), Effect.UNCHANGED),
    ((S.NEEDS_FACTS,), (E.FACTS_ASKED,), Effect.UNCHANGED),
    # accepting in a ticket that is over already, or taking back where nothing followed from it
    ((S.RESOLVED, S.CLOSED), (E.ACCEPTED,), Effect.UNCHANGED),
    ((*_OPEN, S.CLOSED), (E.ACCEPTANCE_TAKEN_BACK,), Effect.UNCHANGED),
    # the same form sent twice
    ((S.RESOLVED,), (E.TEAM_RESOLVED,), Effect.UNCHANGED),
    ((S.CLOSED,), (E.CLOSED,), Effect.UNCHANGED),
    ((S.MERGED,), (E.MERGED,), Effect.UNCHANGED),
    ((S.SUSPENDED,), (E.MOVED_OUT,), Effect.UNCHANGED),
    (_LIVE, (E.MOVED_BACK,), Effect.UNCHANGED),
    # an imported thread lives on in public while its author's ticket is a draft
    ((S.DRAFT,), (*_POSTS, *_ACCEPTANCE, *_MOVES), Effect.UNCHANGED),
    # a merged ticket is spoken about in the other one; only where its home thread lies goes on being known
    ((S.MERGED,), (*_POSTS, *_ACCEPTANCE), Effect.UNCHANGED),
    ((S.MERGED,), _MOVES, Effect.BENEATH),
    # a suspended ticket is still answered (a paid one keeps its place until it is), replied to, accepted
    ((S.SUSPENDED,), (*_POSTS, *_ACCEPTANCE), Effect.BENEATH),
    ((S.SUSPENDED,), (E.FACTS_ASKED, E.TEAM_RESOLVED, E.REOPENED, E.SNOOZED), Effect.BENEATH),
)

RETURNING = frozenset({S.RESOLVED, S.MERGED, S.SUSPENDED})  # states that remember the one before

_REPLIES = (E.REQUESTER_REPLIED, E.REOPENED)
SETS_WAITING_SINCE: frozenset[tuple[From, TicketEvent]] = frozenset(  # rule 3 of the queue; all others keep it
    {(None, E.TAKEN_IN), (S.DRAFT, E.SUBMITTED)}
    | {(state, event) for state in (S.ANSWERED, S.RESOLVED, S.CLOSED) for event in _REPLIES}
)
TEAM_ANSWERS: frozenset[tuple[From, TicketEvent]] = frozenset(  # the first of them is the first response
    (state, E.TEAM_ANSWERED) for state in _LIVE
)
CLOCK: Mapping[TicketState, Clock] = {  # a suspended ticket's clock is that of the state beneath
    S.DRAFT: Clock.OFF,
    S.WAITING: Clock.RUNS,
    S.NEEDS_FACTS: Clock.PAUSED,
    S.ANSWERED: Clock.OFF,
    S.RESOLVED: Clock.OFF,
    S.CLOSED: Clock.OFF,
    S.MERGED: Clock.OFF,
}


def declare(rows: Iterable[Row]) -> dict[tuple[From, TicketEvent], TicketState | Effect]:
    """The rows as one table; ValueError when a pair stands twice, a way back leads nowhere, a state is lost."""
    table: dict[tuple[From, TicketEvent], TicketState | Effect] = {}
    for states, events, outcome in rows:
        for pair in ((state, event) for state in states for event in events):
            if pair in table:
                raise ValueError(f"{pair} is declared twice")
            if outcome in (Effect.BEFORE, Effect.BENEATH) and pair[0] not in RETURNING:
                raise ValueError(f"{pair} leads back, but {pair[0]} remembers no state before it")
            table[pair] = outcome
    reached = {outcome for outcome in table.values() if isinstance(outcome, TicketState)}
    if missing := set(TicketState) - reached:
        raise ValueError(f"nothing leads to {sorted(missing)}")
    if missing := set(TicketState) - {pair[0] for pair in table}:
        raise ValueError(f"nothing is declared for {sorted(missing)}")
    return table


TRANSITIONS = declare(ROWS)


@dataclass(frozen=True)
class Life:
    """A ticket's state, and those it will return to, the nearest last (at most three: see `RETURNING`)."""

    state: TicketState | None = None
    under: tuple[TicketState, ...] = ()


@dataclass(frozen=True)
class Step:
    """What one event did: the life after it, whether `waiting_since` is set anew, whether it is a team answer."""

    life: Life
    sets_waiting_since: bool
    is_team_answer: bool


def step(life: Life, event: TicketEvent) -> Step:
    """The life after the event, with its consequences; `Refused` where the table does not allow it."""
    pair = (life.state, event)
    outcome = TRANSITIONS.get(pair)
    if outcome is None:
        raise Refused(_sentence(*pair))
    match outcome:
        case Effect.UNCHANGED:
            after = life
        case Effect.BEFORE:
            after = _beneath(life)
        case Effect.BENEATH:
            inner = step(_beneath(life), event)
            assert inner.life.state is not None  # only None leads to None, and nothing lies on top of None
            kept = Life(life.state, (*inner.life.under, inner.life.state))
            return Step(kept, inner.sets_waiting_since, inner.is_team_answer)
        case TicketState():
            returns = outcome in RETURNING and life.state is not None
            after = Life(outcome, (*life.under, life.state) if returns and life.state else ())
    return Step(after, pair in SETS_WAITING_SINCE, pair in TEAM_ANSWERS)


def allows(life: Life, event: TicketEvent) -> bool:
    """Whether the table knows what follows from the event in this life; `step` refuses where not."""
    outcome = TRANSITIONS.get((life.state, event))
    return allows(_beneath(life), event) if outcome is Effect.BENEATH else outcome is not None


def next_state(state: TicketState | None, event: TicketEvent, before: TicketState | None = None) -> TicketState:
    """The state after the event; `before` is the one a resolved, merged or suspended ticket returns to.

    `Refused` where the table does not allow it; a plain ValueError when `before` is needed and missing.
    """
    after = step(Life(state, (before,) if before else ()), event).life.state
    assert after is not None  # nothing in the table leads back to "no ticket"
    return after


def in_queue(life: Life, rank_amount: int) -> bool:
    """Whether a ticket holds a place: it waits, or is paid and was moved away waiting (amount in minor units)."""
    if life.state is S.SUSPENDED:
        return rank_amount > 0 and life.under[-1:] == (S.WAITING,)
    return life.state is S.WAITING


def clock(life: Life) -> Clock:
    """What the guarantee's clock does now: moving a thread away neither stops nor starts it."""
    if life.state is None:
        return Clock.OFF
    return clock(_beneath(life)) if life.state is S.SUSPENDED else CLOCK[life.state]


def _beneath(life: Life) -> Life:
    if not life.under:
        raise ValueError(f"a {life.state} ticket needs the state before it")
    return Life(life.under[-1], life.under[:-1])


def _sentence(state: TicketState | None, event: TicketEvent) -> str:
    """Why not, for people; ends with a general sentence for pairs that no page offers."""
    match state, event:
        case None, _other:
            return _("This thread has no ticket yet.")
        case _state, E.ASKED | E.TAKEN_IN:
            return _("This thread has a ticket already.")
        case S.DRAFT, _other:
            return _("This ticket is still a draft; it has to be submitted first.")
        case _state, E.SUBMITTED:
            return _("This ticket has been submitted already.")
        case S.MERGED, _other:
            return _("This ticket was merged into another one; please go on there.")
        case _state, E.MERGE_UNDONE:
            return _("This ticket is not merged into another one.")
        case _state, E.WENT_SILENT:
            return _("Only a ticket whose requester owes the next word is closed for silence.")
        case _state, E.SNOOZED:
            return _("Only a waiting ticket can be snoozed.")
        case S.WAITING, E.REOPENED:
            return _("This ticket is waiting already.")
        case _state, E.FACTS_ASKED | E.TEAM_RESOLVED:
            return _("This ticket is over; it has to be reopened first.")
    return _("This ticket does not allow that now.")
