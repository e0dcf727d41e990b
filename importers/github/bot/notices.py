"""What people here are told of the bot's doings on GitHub."""

from forum.notifications.kinds import Kind, Said
from forum.web.i18n import _


def security_said(said: Said) -> str:
    return _("%(issue)s tells of a weakness in public; its author was asked to report it privately: %(url)s") % said


def draft_said(said: Said) -> str:
    return _("Your issue in %(repository)s moved here as a draft. Please confirm it: “%(title)s”") % said


SECURITY = Kind("github_security", security_said, at_once=True)
DRAFT = Kind("github_draft", draft_said, at_once=True, examples=({"repository": "pelican/toolkit"},))
