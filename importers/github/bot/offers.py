"""Which issues are offered the move (pure): by their labels, or because triage takes them for a question."""

from collections.abc import Iterable, Sequence
from typing import Final

from categories.triage.rules import suggest_kind
from forum.projects.actions import tag_name

# How sure triage must be before somebody hears of it (0-100).
SURE: Final = 50


def is_offered(wanted: Sequence[str], by_triage: bool, labels: Iterable[str], title: str, body: str) -> bool:
    """Whether the move is offered to an issue. Labels are told apart as tags are, since that is what stands here of
    them."""
    folded = {tag_name(label) for label in wanted} - {""}
    if folded and folded & {tag_name(label) for label in labels}:
        return True
    if not by_triage:
        return False
    found = suggest_kind(title, body)
    return found.kind == "support" and found.confidence >= SURE
