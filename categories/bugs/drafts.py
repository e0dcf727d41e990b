"""What the issue of a thread begins as, in a template's form or without one: title, text, fields and labels (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from categories.bugs.forms import Template, filled
from categories.bugs.rules import BODY_MOST, TITLE_MOST, Said, Target, distilled, environment
from forum.database.engine import Row


@dataclass(frozen=True)
class Draft:
    """`answers`: by a field's id; the text then stands beside them, "" where it stands in one of them."""

    title: str
    body: str
    answers: dict[str, list[str]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def draft_of(facts: Row, posts: Sequence[Said], target: Target, template: Template | None) -> Draft:
    """Distilled from what was said in the thread."""
    text = distilled(posts, facts["accepted_number"], target)
    prefix = f"{template.title} " if template and template.title else ""
    title = (prefix + facts["thread_title"])[:TITLE_MOST]
    if template is None:
        return Draft(title, text)
    if not template.is_form:
        body = f"{template.text}\n\n{text}".strip()[:BODY_MOST] if template.text else text
        return Draft(title, body, labels=template.labels)
    known = environment([post.markdown for post in posts if post.by_author], facts["project_name"])
    first = filled(template, text, known)
    answers = {
        each.id: [first[each.id]] if first[each.id] and each.kind != "checkboxes" else [] for each in template.fields
    }
    return Draft(title, "" if text in first.values() else text, answers, template.labels)
