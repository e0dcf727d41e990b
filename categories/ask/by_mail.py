"""Asking by mail: what comes to a project's address is asked as on the page, and finished there where something lacks."""

from categories.ask.actions import ask
from forum.database.engine import fetch_value
from forum.mail.arriving.questions import Came, Question
from forum.projects.queries import unaccepted_terms
from forum.web.reader import Reader

# In which capacity somebody asked last in a project is how they ask now, as far as nobody says otherwise.
LAST_CAPACITY = """
select k.capacity from ticket k join ticket_requester r on r.ticket_id = k.id
 where r.person_id = $1 and k.project_id = $2 and k.capacity is not null order by k.id desc limit 1
"""


async def ask_by_mail(reader: Reader, question: Question) -> Came:
    """Ask; in support a draft, unless it is sure who asks and nothing is missing. What names no category stays in support,
    or is a private draft nobody else sees. Raises what `ask` raises."""
    capacity = ""
    if question.may_submit and not await unaccepted_terms(reader.person, question.project):
        capacity = await fetch_value(LAST_CAPACITY, reader.person, question.project) or ""
    category = question.category or await first_support(question.project)
    asked = await ask(
        reader,
        question.project,
        question.title,
        question.markdown,
        category=category,
        capacity=capacity,
        accepts_terms=False,
        key=question.key,
    )
    return Came(asked.posted.thread, asked.posted.post, asked.posted.url, asked.is_draft, asked.posted.is_new)


async def first_support(project: int) -> str:
    """The slug of the project's first support category; "" where it has none."""
    return (
        await fetch_value(
            "select slug from category where project_id = $1 and kind = 'support' and visibility in ('public', 'members')"
            " order by position, id limit 1",
            project,
        )
        or ""
    )
