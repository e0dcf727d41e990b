"""A provider of OpenID Connect that can lie: what `oidc-provider-mock` is too honest for.

Tests set `user` (the claims of who is signed in there); and to misbehave: `claims` (put over those of the id token, null
takes one away), `signature` (`other`, `none`, `hmac`), `userinfo`, `document` (put over the Discovery document),
`answer` and `redirect_to` (of the browser's way back), `token` (the token endpoint's whole answer), `rotated` (new keys).
"""

import base64
import hmac
import json
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.state import State

CLIENT = {"client_id": "haas", "client_secret": "a secret of the provider"}
state = State(
    **CLIENT,
    user={"sub": "248289761001", "name": "Jane Doe", "email": "jane@example.org", "email_verified": True},
)
KEYS = {name: RSAKey.generate_key(2048, {"kid": name, "use": "sig"}) for name in ("first", "second", "other")}


def issuer_of(request: Request) -> str:
    return f"http://{request.headers['host']}"


def key() -> RSAKey:
    return KEYS["second" if state.get("rotated") else "first"]


async def document(request: Request) -> Response:
    issuer = issuer_of(request)
    said = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }
    return JSONResponse(said | (state.get("document") or {}))


async def keys(_request: Request) -> Response:
    return JSONResponse({"keys": [key().as_dict(private=False)]})


async def authorize(request: Request) -> Response:
    return state.approve(await state.note(request), secrets.token_hex(10))


def encoded(algorithm: str, claims: dict[str, Any]) -> str:
    """Header and claims of a token whose signature is made by hand."""
    parts = [{"alg": algorithm, "kid": key().kid}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


def signed(claims: dict[str, Any]) -> str:
    how = state.get("signature")
    if how == "none":
        return f"{encoded('none', claims)}."
    if how == "hmac":
        # the public key as a secret: who lets the token choose the algorithm believes it
        begun = encoded("HS256", claims)
        mac = hmac.new(key().as_pem(private=False), begun.encode(), "sha256").digest()
        return f"{begun}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    signer = KEYS["other"] if how == "other" else key()
    return jwt.encode({"alg": "RS256", "kid": key().kid}, claims, signer)


async def token(request: Request) -> Response:
    fields = await state.note(request)
    if state.get("token") is not None:
        return JSONResponse(state["token"])
    basic = base64.b64encode(f"{state['client_id']}:{state['client_secret']}".encode()).decode()
    is_public = not state["client_secret"] and fields.get("client_id") == state["client_id"]
    if request.headers.get("authorization") != (None if is_public else f"Basic {basic}"):
        return JSONResponse({"error": "invalid_client"}, 401)
    begun = state.codes.get(fields.get("code", ""), {})
    if why := state.spend(fields):
        return JSONResponse({"error": "invalid_grant", "error_description": why}, 400)
    now = int(time.time())
    claims = {
        "iss": issuer_of(request),
        "aud": state["client_id"],
        "iat": now,
        "exp": now + 300,
        "nonce": begun.get("nonce"),
        **state["user"],
    } | (state.get("claims") or {})
    access = secrets.token_hex(16)
    state.tokens[access] = state["user"]
    told = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
    return JSONResponse({**told, "id_token": signed({k: v for k, v in claims.items() if v is not None})})


async def userinfo(request: Request) -> Response:
    await state.note(request)
    told = state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
    if told is None:
        return JSONResponse({"error": "invalid_token"}, 401)
    return JSONResponse(state.get("userinfo") or told)


app = Starlette(
    routes=[
        Route("/.well-known/openid-configuration", document),
        Route("/keys", keys),
        Route("/authorize", authorize),
        Route("/token", token, methods=["POST"]),
        Route("/userinfo", userinfo),
        *state.routes(),
    ]
)
