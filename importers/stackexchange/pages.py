"""`/p/{project}/questions/{site}/{id}`: to the thread of a question that was imported, else to the question itself."""

from starlette.responses import RedirectResponse, Response

from forum.database.engine import fetch_one
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route
from importers.stackexchange.people import SOURCE
from importers.stackexchange.records import ID_MOST
from importers.stackexchange.sites import question_url

# Only of a site that the project has imported from: nobody is to be led elsewhere by an address of ours.
QUESTION = f"""
select (select array[t.id::text, t.slug] from origin_alias a join thread t on t.id = a.row_id and t.project_id = p.id
         where a.source = $3 and a.kind = 'thread' and a.foreign_id = $2 || '/questions/' || $4
           and {visible_thread("t", "$5")}) as thread
  from project p where p.slug = $1 and exists (select 1 from import_source s where s.project_id = p.id
   and s.source = $3 and (s.name = $2 or starts_with(s.name, $2 || '/')))
"""


async def question_page(request: Request) -> Response:
    """To the thread, or to the question on its site. Raises NotFound."""
    number: int = request.path_params["number"]
    host = request.path_params["site"].lower()
    if not 0 < number < ID_MOST:
        raise NotFound
    slug = request.path_params["project"].lower()
    row = await fetch_one(QUESTION, slug, host, SOURCE, str(number), request.reader.id)
    if row is None:
        raise NotFound
    if row["thread"]:
        thread, slug = row["thread"]
        return RedirectResponse(f"/t/{slug}/{thread}", 302)
    return RedirectResponse(question_url(host, number), 302)


routes = [route("/p/{project}/questions/{site}/{number:int}", question_page)]
