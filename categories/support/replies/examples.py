"""Templates that are offered where a project has none; a maintainer takes them over with one click."""

from dataclasses import dataclass

from forum.web.i18n import _


@dataclass(frozen=True)
class Example:
    """An offered template."""

    word: str
    title: str
    markdown: str
    purpose: str = "reply"


def examples() -> list[Example]:
    """The four, in the language of whoever looks."""
    return [
        Example(
            "facts",
            _("Ask for facts"),
            _(
                "Hello {asker}, to help we need to see what you see. Please tell us\n\n"
                "1. which versions of {project} and of the language you use,\n"
                "2. the whole error message, as text,\n"
                "3. the shortest example that shows it.\n\n"
                "Your place in the queue is kept while you look."
            ),
            "facts",
        ),
        Example(
            "known",
            _("A known issue"),
            _(
                "Hello {asker}, this is a known issue of {project}: [link to it]. Until it is solved, this helps:\n\n"
                "[the way round it]\n\n"
                "You hear from us here when it is done."
            ),
        ),
        Example(
            "thanks",
            _("Thanks, solved"),
            _("Thank you for telling how it ended, {asker}: the next person with this question finds it here.\n\n{me}"),
            "resolve",
        ),
        Example(
            "security",
            _("Report it in private"),
            _(
                "Hello {asker}, this may touch the security of others. Please say no more about it here, and report it in"
                " private: on the page of {project} there is a link for it. We answer there."
            ),
        ),
    ]
