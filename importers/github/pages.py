"""Where `#123` leads: to the thread that was imported, else to the issue on GitHub."""

from starlette.responses import RedirectResponse, Response

from forum.database.engine import fetch_one
from forum.outside.github import WEB, repository_of, web
from forum.threads.visibility import visible_thread
from forum.web.errors import NotFound
from forum.web.requests import Request
from forum.web.routing import route
from importers.github.people import SOURCE
from importers.github.records import NUMBER_MOST

# The project's own repository first, then the one that was imported first. An issue that was moved to a category
# that the reader does not see is to them one that was never imported; nobody is led to a private repository.
ISSUE = f"""
select p.repository, array(select s.name from import_source s where s.source = $3 and s.project_id = p.id
                             and not exists (select 1 from github_repository g where g.is_private and lower(g.name) = s.name)
                            order by s.since, s.name) as imported,
       (select array[t.id::text, t.slug] from import_source s
          join origin_alias a on a.source = s.source and a.kind = 'thread' and a.foreign_id = s.name || '#' || $2
          join thread t on t.id = a.row_id and t.project_id = p.id
         where s.source = $3 and s.project_id = p.id and {visible_thread("t", "$4")}
         order by position(s.name in lower(p.repository)) = 0, s.since, s.name limit 1) as thread
  from project p where p.slug = $1
"""


async def issue_page(request: Request) -> Response:
    """To the thread of an issue, or to the issue itself; raises NotFound where the project has no repository."""
    number: int = request.path_params["number"]
    if not 0 < number < NUMBER_MOST:
        raise NotFound
    row = await fetch_one(ISSUE, request.path_params["project"].lower(), str(number), SOURCE, request.reader.id)
    if row is None:
        raise NotFound
    if row["thread"]:
        thread, slug = row["thread"]
        return RedirectResponse(f"/t/{slug}/{thread}", 302)
    where = WEB if "github.com/" in row["repository"].casefold() else web()
    repository = repository_of(row["repository"]) or next(iter(row["imported"]), "")
    if not repository:
        raise NotFound
    return RedirectResponse(f"{where}/{repository}/issues/{number}", 302)


routes = [route("/p/{project}/issues/{number:int}", issue_page)]
