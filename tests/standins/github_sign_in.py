"""GitHub, as far as sign-in and look-ups need it: OAuth with PKCE, `/user`, `/user/emails`, issues and comments.

As of a GitHub Enterprise Server: people at the root, the API under `/api/v3`. Shapes and errors are those of
docs.github.com ("Authorizing OAuth apps", "REST API"; a repository's `permissions` are told to who asks with a token, a
membership to whose token has the scope `read:org`, and a token can be deleted by its app). Tests set: `me` (who is signed in there), `users`, `issues`,
`comments`, `repositories` (path → row, `admins` of logins), `organisations` (login → row, `roles` by login); and to misbehave `answer`, `redirect_to`, `token`, `user`, `emails`, `status` (of every API answer).
"""

import base64
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.standins.state import State

CLIENT = {"client_id": "Iv1.test", "client_secret": "a secret of github"}
state = State(
    **CLIENT,
    me="octavia",
    users={"octavia": {"id": 583231, "name": "Octavia", "email": "octavia@example.org", "verified": True}},
    issues={},
    comments={},
    repositories={"heron/pond": {"id": 9001, "owner": 70, "admins": ["octavia"]}},
    organisations={"heron": {"id": 70, "roles": {"octavia": "admin", "mona": "member"}}},
)
scopes: dict[str, str] = {}


async def authorize(request: Request) -> Response:
    """Who is signed in there has agreed before."""
    fields = await state.note(request)
    if fields.get("client_id") != state["client_id"] or not fields.get("redirect_uri"):
        return Response("404", 404)
    if not state["me"]:
        return RedirectResponse(f"{fields['redirect_uri']}?error=access_denied&state={fields.get('state', '')}", 302)
    return state.approve(fields | {"login": state["me"]}, secrets.token_hex(10))


async def access_token(request: Request) -> Response:
    """Errors come with status 200, as GitHub's do."""
    fields = await state.note(request)
    if state.get("token") is not None:
        return JSONResponse(state["token"])
    if (fields.get("client_id"), fields.get("client_secret")) != (state["client_id"], state["client_secret"]):
        return JSONResponse({"error": "incorrect_client_credentials"})
    begun = state.codes.get(fields.get("code", ""), {})
    login, begun_with = begun.get("login", ""), begun.get("scope", "")
    if why := state.spend(fields):
        return JSONResponse({"error": "bad_verification_code", "error_description": why})
    token = f"gho_{secrets.token_hex(18)}"
    state.tokens[token] = login
    scopes[token] = begun_with
    return JSONResponse({"access_token": token, "token_type": "bearer", "scope": begun_with})


def person_with_token(request: Request) -> tuple[str, dict[str, Any]] | None:
    login = state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    return (login, state["users"][login]) if login else None


async def user(request: Request) -> Response:
    await state.note(request)
    found = person_with_token(request)
    if found is None or state.get("status"):
        return JSONResponse({"message": "Bad credentials"}, state.get("status") or 401)
    if "user" in state:
        return JSONResponse(state["user"])
    login, row = found
    return JSONResponse({"login": login, "id": row["id"], "type": "User", "name": row.get("name")})


async def emails(request: Request) -> Response:
    await state.note(request)
    found = person_with_token(request)
    if found is None:
        return JSONResponse({"message": "Bad credentials"}, 401)
    if "emails" in state:
        return JSONResponse(state["emails"])
    row = found[1]
    told = [{"email": row.get("email"), "primary": True, "verified": row.get("verified", True), "visibility": None}]
    return JSONResponse([{"email": "old@example.org", "primary": False, "verified": True}, *told])


def is_refused(request: Request) -> Response | None:
    """Apps that show their client id and secret may ask more often; wrong ones may not ask at all."""
    told = request.headers.get("authorization", "")
    app = base64.b64encode(f"{state['client_id']}:{state['client_secret']}".encode()).decode()
    if told and told != f"Basic {app}":
        return JSONResponse({"message": "Bad credentials"}, 401)
    if state.get("status"):
        return JSONResponse({"message": "API rate limit exceeded"}, state["status"])
    return None


async def issue(request: Request) -> Response:
    await state.note(request)
    path = request.url.path.removeprefix("/api/v3/repos/")
    if refused := is_refused(request):
        return refused
    if (told := state["issues"].get(path)) is None:
        return JSONResponse({"message": "Not Found"}, 404)
    if isinstance(told, str):
        return RedirectResponse(told, 301)
    return JSONResponse({"url": str(request.url), "number": request.path_params["number"], **told})


async def comments(request: Request) -> Response:
    await state.note(request)
    if refused := is_refused(request):
        return refused
    path = request.url.path.removeprefix("/api/v3/repos/").removesuffix("/comments")
    since = request.query_params.get("since", "")
    return JSONResponse([row for row in state["comments"].get(path, []) if row["created_at"] >= since])


async def repository(request: Request) -> Response:
    await state.note(request)
    found = person_with_token(request)
    if found is None and (refused := is_refused(request)):
        return refused
    path = request.url.path.removeprefix("/api/v3/repos/")
    known = {name.lower(): (name, row) for name, row in state["repositories"].items()}
    if path.lower() not in known:
        return JSONResponse({"message": "Not Found"}, 404)
    name, row = known[path.lower()]
    if "moved" in row:
        return RedirectResponse(row["moved"], 301)
    told = {
        "id": row["id"],
        "full_name": name,
        "private": row.get("private", False),
        "owner": {"id": row["owner"], "login": name.partition("/")[0]},
    }
    if found is not None:
        told["permissions"] = {"admin": found[0] in row["admins"], "push": True, "pull": True}
    return JSONResponse(told)


async def organisation(request: Request) -> Response:
    await state.note(request)
    if refused := is_refused(request):
        return refused
    row = state["organisations"].get(request.path_params["login"])
    if row is None:
        return JSONResponse({"message": "Not Found"}, 404)
    return JSONResponse({"id": row["id"], "login": request.path_params["login"]})


async def membership(request: Request) -> Response:
    await state.note(request)
    found = person_with_token(request)
    if found is None:
        return JSONResponse({"message": "Bad credentials"}, 401)
    token = request.headers["authorization"].removeprefix("Bearer ")
    row = state["organisations"].get(request.path_params["login"])
    if "read:org" not in scopes.get(token, "").split():
        return JSONResponse({"message": "You need at least read:org scope"}, 403)
    if row is None or found[0] not in row["roles"]:
        return JSONResponse({"message": "Not Found"}, 404)
    told = {"login": request.path_params["login"], "id": row["id"]}
    return JSONResponse({"state": row.get("state", "active"), "role": row["roles"][found[0]], "organization": told})


async def delete_token(request: Request) -> Response:
    """The app alone may, with its id and secret."""
    told = await request.json()
    state.heard.append(
        {"path": request.url.path, "fields": {}, "authorization": request.headers.get("authorization", "")}
    )
    if not request.headers.get("authorization") or is_refused(request):
        return JSONResponse({"message": "Not Found"}, 404)
    return Response(status_code=204 if state.tokens.pop(told.get("access_token"), None) else 422)


async def rate_limit(request: Request) -> Response:
    return is_refused(request) or JSONResponse({"resources": {}, "rate": {"limit": 5000, "remaining": 4999}})


app = Starlette(
    routes=[
        Route("/login/oauth/authorize", authorize),
        Route("/login/oauth/access_token", access_token, methods=["POST"]),
        Route("/api/v3/user", user),
        Route("/api/v3/user/emails", emails),
        Route("/api/v3/rate_limit", rate_limit),
        Route("/api/v3/repos/{owner}/{repository}", repository),
        Route("/api/v3/orgs/{login}", organisation),
        Route("/api/v3/user/memberships/orgs/{login}", membership),
        Route("/api/v3/applications/{client}/token", delete_token, methods=["DELETE"]),
        Route("/api/v3/repos/{owner}/{repository}/issues/{number:int}", issue),
        Route("/api/v3/repos/{owner}/{repository}/issues/{number:int}/comments", comments),
        *state.routes(),
    ]
)
