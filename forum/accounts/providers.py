"""Those who vouch for people elsewhere: GitHub, and any OpenID Connect provider; spoken to through Authlib."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2
import joserfc.errors
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from forum.outside.trust import trust
from forum.settings import OidcProvider, Settings
from forum.web.errors import NotFound
from forum.web.i18n import _

GITHUB = "github"
# For everything that one sign-in asks a provider (seconds), and the most of one answer (bytes).
SECONDS = 15
MOST = 1_000_000
# How far clocks may differ, and how long a provider's description and keys are believed (seconds).
LEEWAY = 60
KEPT_FOR = 600
# Signed with a key that is the provider's alone: neither "none" nor our own secret will do.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
JSON = {"accept": "application/json"}
# What goes wrong where nobody answers, or not as the protocols say.
UNREADABLE = (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, OAuthError)


class NotProven(Exception):
    """Nobody was shown to be anybody. `message` is for the person, `why` (without tokens) for the log."""

    def __init__(self, message: str, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.message, self.why, self.status = message, why, status


def untrue(label: str, why: str) -> NotProven:
    message = _("What %(label)s answered does not hold: it may be forged, outdated, or meant for somebody else.")
    return NotProven(message % {"label": label}, why)


def silent(label: str, why: str) -> NotProven:
    message = _("%(label)s does not answer as it should at the moment. Try again in a while, or sign in another way.")
    return NotProven(message % {"label": label}, why, 502)


@dataclass(frozen=True)
class Proof:
    """Who somebody is there: the unchanging `subject`, and what else the provider says. `is_verified`: so it says of
    the address (`email`, "" for none). `login` and `name` are for people to read, and prove nothing."""

    provider: str
    subject: str
    login: str = ""
    name: str = ""
    email: str = ""
    is_verified: bool = False

    def as_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Secrets:
    """What one sign-in is bound to: `state` travels through the browser, `nonce` into the id token, and `verifier`
    shows to the provider that whoever brings the code is whoever began (PKCE, RFC 7636)."""

    state: str
    nonce: str
    verifier: str


class Provider(Protocol):
    """Somebody who signs people in here. `name` stands in addresses, `label` on buttons."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...

    async def address(self, made: Secrets, redirect_uri: str) -> str:
        """Where the browser goes to be asked. Raises NotProven."""

    async def prove(self, made: Secrets, redirect_uri: str, answer: Mapping[str, str]) -> Proof:
        """Who the answer's `code` is for. Raises NotProven, for whatever does not hold."""


def find_provider(settings: Settings, name: str) -> Provider:
    """The configured provider of this name. Raises NotFound: one that is not configured has no door."""
    labels = dict(settings.ways_in)
    if name not in labels:
        raise NotFound
    if name == GITHUB:
        return GitHub(settings.github_client_id, settings.github_client_secret, settings.github_api_base)
    return OpenId(next(provider for provider in settings.oidc if provider.name == name), labels[name])


def is_safe(address: object) -> bool:
    """Whether secrets may travel to this address: by https, or within this machine."""
    try:
        url = urlsplit(address if isinstance(address, str) else "")
    except ValueError:
        return False
    is_local = url.hostname in ("127.0.0.1", "localhost", "::1")
    return bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and is_local))


def client(client_id: str, client_secret: str, **more: Any) -> Any:
    """Authlib's client for one sign-in; what the environment says of proxies and passwords is for other programs."""
    return AsyncOAuth2Client(
        client_id=client_id,
        client_secret=client_secret or None,
        code_challenge_method="S256",
        timeout=SECONDS,
        trust_env=False,
        verify=trust(),
        follow_redirects=False,
        **more,
    )


async def read_json(speaker: Any, url: str, **more: Any) -> Any:
    """The JSON at an address. Raises ValueError and httpx2.HTTPError."""
    answer = await speaker.get(url, headers=JSON, **more)
    if answer.status_code != 200:
        raise ValueError(f"status {answer.status_code}")
    if len(answer.content) > MOST:
        raise ValueError("the answer is too large")
    return answer.json()


async def code_for_token(speaker: Any, url: str, made: Secrets, redirect_uri: str, code: str, label: str) -> str | None:
    """Exchange the code for tokens, which stay with `speaker`; returns the id token, if there is one."""
    try:
        token = await speaker.fetch_token(
            url, code=code, code_verifier=made.verifier, redirect_uri=redirect_uri, grant_type="authorization_code"
        )
    except OAuthError as error:
        # a code that was used, is too old, or was begun by somebody else
        raise untrue(label, f"the code was refused: {named(error.error)}") from None
    if not isinstance(token.get("access_token"), str):
        raise untrue(label, "there is no access token")
    found = token.get("id_token")
    return found if isinstance(found, str) else None


def named(error: object) -> str:
    """An error code as a log and a page may show it: RFC 6749 has short words alone."""
    text = error if isinstance(error, str) else ""
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in "_-"))[:60] or "unnamed"


def text_of(told: object, most: int) -> str:
    return " ".join(told.split())[:most] if isinstance(told, str) and told.isprintable() else ""


@dataclass(frozen=True)
class GitHub:
    """GitHub signs in by OAuth 2 and tells of the person by its API; the number of an account never changes."""

    client_id: str
    client_secret: str
    api: str
    name: str = GITHUB
    label: str = "GitHub"

    @property
    def web(self) -> str:
        """Where people are: github.com for its API, else the host of the API (GitHub Enterprise Server: `/api/v3`)."""
        return "https://github.com" if self.api == "https://api.github.com" else self.api.removesuffix("/api/v3")

    def speaker(self) -> Any:
        return client(self.client_id, self.client_secret, token_endpoint_auth_method="client_secret_post")

    async def address(self, made: Secrets, redirect_uri: str, scope: str = "user:email") -> str:
        async with self.speaker() as speaker:
            url, _state = speaker.create_authorization_url(
                f"{self.web}/login/oauth/authorize",
                state=made.state,
                code_verifier=made.verifier,
                redirect_uri=redirect_uri,
                scope=scope,
            )
        return str(url)

    async def prove(self, made: Secrets, redirect_uri: str, answer: Mapping[str, str]) -> Proof:
        try:
            async with asyncio.timeout(SECONDS), self.speaker() as speaker:
                url = f"{self.web}/login/oauth/access_token"
                await code_for_token(speaker, url, made, redirect_uri, answer["code"], self.label)
                user = await read_json(speaker, f"{self.api}/user")
                emails = await read_json(speaker, f"{self.api}/user/emails")
        except UNREADABLE as error:
            raise silent(self.label, type(error).__name__) from None
        number = user.get("id") if isinstance(user, dict) else None
        if type(number) is not int or number <= 0:
            raise untrue(self.label, "there is no number of a user")
        rows = [row for row in emails if isinstance(row, dict)] if isinstance(emails, list) else []
        email = next((row.get("email") for row in rows if row.get("primary") and row.get("verified") is True), "")
        return Proof(
            GITHUB,
            str(number),
            text_of(user.get("login"), 100),
            text_of(user.get("name"), 60),
            text_of(email, 254),
            bool(email),
        )


@dataclass
class Description:
    """What a provider says of itself, and its keys, as of a moment of the process's clock."""

    said: dict[str, Any]
    keys: KeySet
    at: float


_described: dict[str, Description] = {}


@dataclass(frozen=True)
class OpenId:
    """A provider of OpenID Connect Core 1.0, found by its Discovery document."""

    settings: OidcProvider
    label: str

    @property
    def name(self) -> str:
        return self.settings.name

    def speaker(self, said: Mapping[str, Any]) -> Any:
        chosen = self.settings
        methods = said.get("token_endpoint_auth_methods_supported")
        by_post = isinstance(methods, list) and "client_secret_basic" not in methods and "client_secret_post" in methods
        method = "none" if not chosen.client_secret else "client_secret_post" if by_post else "client_secret_basic"
        return client(chosen.client_id, chosen.client_secret, token_endpoint_auth_method=method)

    async def description(self, *, afresh: bool = False) -> Description:
        """What the provider says of itself, asked again after a while. Raises NotProven."""
        kept = _described.get(self.settings.issuer)
        if kept is not None and not afresh and time.monotonic() - kept.at < KEPT_FOR:
            return kept
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx2.AsyncClient(timeout=SECONDS, trust_env=False, verify=trust()) as plain,
            ):
                said = await read_json(plain, f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                self.check(said)
                keys = KeySet.import_key_set(await read_json(plain, said["jwks_uri"]))
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise silent(self.label, type(error).__name__) from None
        except (joserfc.errors.JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise silent(self.label, str(error) or type(error).__name__) from None
        made = _described[self.settings.issuer] = Description(said, keys, time.monotonic())
        return made

    def check(self, said: Any) -> None:
        """Raises ValueError where the document is another's (OpenID Connect Discovery 4.3), or leads to where secrets
        would not be safe."""
        issuer = said.get("issuer") if isinstance(said, dict) else None
        if not isinstance(issuer, str) or issuer.rstrip("/") != self.settings.issuer.rstrip("/"):
            raise ValueError("it is the description of another issuer")
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not is_safe(said.get(name)):
                raise ValueError(f"its {name} is not an https address")

    async def address(self, made: Secrets, redirect_uri: str) -> str:
        said = (await self.description()).said
        async with self.speaker(said) as speaker:
            url, _state = speaker.create_authorization_url(
                said["authorization_endpoint"],
                state=made.state,
                nonce=made.nonce,
                code_verifier=made.verifier,
                redirect_uri=redirect_uri,
                scope="openid profile email",
            )
        return str(url)

    async def prove(self, made: Secrets, redirect_uri: str, answer: Mapping[str, str]) -> Proof:
        said = (await self.description()).said
        # RFC 9207: who answered says who they are, against mix-ups
        if answer.get("iss", said["issuer"]) != said["issuer"] or (
            said.get("authorization_response_iss_parameter_supported") is True and "iss" not in answer
        ):
            raise untrue(self.label, "another issuer answered")
        try:
            async with asyncio.timeout(SECONDS), self.speaker(said) as speaker:
                id_token = await code_for_token(
                    speaker, said["token_endpoint"], made, redirect_uri, answer["code"], self.label
                )
                if id_token is None:
                    raise untrue(self.label, "there is no id token")
                claims = await self.claims(id_token, made.nonce, speaker.token["access_token"])
                if "email" not in claims and is_safe(said.get("userinfo_endpoint")):
                    more = await read_json(speaker, said["userinfo_endpoint"])
                    if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
                        raise untrue(self.label, "the user info is somebody else's")
                    claims = {**more, **claims}
        except UNREADABLE as error:
            raise silent(self.label, type(error).__name__) from None
        email = text_of(claims.get("email"), 254)
        return Proof(
            said["issuer"],
            claims["sub"],
            text_of(claims.get("preferred_username"), 100) or email.partition("@")[0],
            text_of(claims.get("name"), 60),
            email,
            # some say it in words
            bool(email) and claims.get("email_verified") in (True, "true"),
        )

    async def claims(self, id_token: str, nonce: str, access_token: str) -> dict[str, Any]:
        """What the id token says, once signature, issuer, audience, times and nonce hold (OpenID Connect Core 3.1.3.7).

        Raises NotProven.
        """
        try:
            header = jws.extract_compact(id_token.encode()).headers()
            described = await self.description()
            if header.get("kid") not in {key.kid for key in described.keys.keys}:
                # keys change
                described = await self.description(afresh=True)
            token = jwt.decode(id_token, described.keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": described.said["issuer"]},
                    "aud": {"essential": True, "value": self.settings.client_id},
                },
                {"nonce": nonce, "client_id": self.settings.client_id, "access_token": access_token},
            )
            claims.validate(int(time.time()), LEEWAY)
        except (joserfc.errors.JoseError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise untrue(self.label, f"the id token: {type(error).__name__} {getattr(error, 'claim', '')}") from None
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            raise untrue(self.label, "there is no subject")
        return dict(claims)


def known_providers(settings: Settings) -> dict[str, str]:
    """What the providers configured at present are called in rows of identities → their labels."""
    labels = dict(settings.ways_in)
    found = {GITHUB: labels[GITHUB]} if GITHUB in labels else {}
    for provider in settings.oidc:
        if provider.name in labels and provider.name != GITHUB:
            issuer = provider.issuer.rstrip("/")
            found |= {issuer: labels[provider.name], f"{issuer}/": labels[provider.name]}
    return found
