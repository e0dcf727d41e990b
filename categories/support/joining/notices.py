"""What people are told of tickets that were merged, resolved together, or snoozed."""

from forum.notifications.kinds import Kind, Said
from forum.web.i18n import _


def merged(said: Said) -> str:
    return _(
        "Your question was merged into “%(title)s”. You are asked there from now on, and hear all that happens."
    ) % {"title": said["title"]}


def merge_undone(said: Said) -> str:
    return _("Your question “%(title)s” stands for itself again; the merge was taken back.") % {"title": said["title"]}


def resolved_with(said: Said) -> str:
    return _("“%(title)s” was resolved, together with a thread that it is linked with.") % {"title": said["title"]}


def snooze_over(said: Said) -> str:
    if said.get("why") == "reply":
        return _("“%(title)s” was snoozed, and woke up: somebody replied.") % {"title": said["title"]}
    return _("“%(title)s” is back: the time you snoozed it to has come.") % {"title": said["title"]}


KINDS = (
    Kind("merged", merged, at_once=True, example={}),
    Kind("merge_undone", merge_undone, at_once=True, example={}),
    Kind("resolved_with", resolved_with),
    Kind("snooze_over", snooze_over, at_once=True, example={"why": "time"}),
)
