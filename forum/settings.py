"""One frozen Settings object, read once from the environment (and a `.env` file beside the working directory)."""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SECRETS = frozenset(
    {
        *("secret_key", "database_url", "migrate_database_url", "smtp_url", "imap"),
        *("github_app_private_key", "github_client_secret", "github_webhook_secret"),
        *("stripe_secret_key", "stripe_webhook_secret"),
        "stackexchange_key",
        "meilisearch_key",
    }
)
OIDC = re.compile(r"OIDC_([A-Z0-9_]{1,40})_(ISSUER|CLIENT_ID|CLIENT_SECRET|LABEL)")


@dataclass(frozen=True)
class OidcProvider:
    """One named OpenID Connect provider: `OIDC_CORP_ISSUER` and so on make the one named `corp`."""

    name: str
    issuer: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    label: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether enough is said to sign people in; a public client has no secret (PKCE stands in for it)."""
        return bool(self.issuer and self.client_id)

    def described(self) -> list[tuple[str, str]]:
        told = {"issuer": self.issuer, "client_id": self.client_id, "label": self.label}
        told["client_secret"] = "****" if self.client_secret else ""
        return [(f"OIDC_{self.name.upper()}_{name.upper()}", value) for name, value in told.items()]


@dataclass(frozen=True)
class Settings:
    """What an operator can set; every field is the environment variable of the same name (see docs/operators.md)."""

    base_url: str = "http://127.0.0.1:8000"
    data: Path = Path("var")
    secret_key: str = ""
    database_url: str = ""
    migrate_database_url: str = ""
    smtp_url: str = ""
    mail_domain: str = ""
    log: str = "console"
    site_name: str = "HaaS"
    proxies: str = "127.0.0.1"
    github_app_id: str = ""
    github_app_private_key: str = ""
    github_bot_name: str = ""
    github_webhook_secret: str = ""
    github_api_base: str = "https://api.github.com"
    stackexchange_key: str = ""
    stackexchange_api_base: str = "https://api.stackexchange.com"
    github_client_id: str = ""
    github_client_secret: str = ""
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = "https://api.stripe.com"
    meilisearch_url: str = ""
    meilisearch_key: str = ""
    smtp_listen: str = ""
    imap: str = ""
    mail_authserv: str = ""
    internal_hosts: str = ""
    oidc: tuple[OidcProvider, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether the base URL can be reached from this machine alone."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")

    @property
    def mail_folder(self) -> str:
        """Where mails lie for whoever tries the site out on this machine, from wherever they stand; "" where they are sent."""
        return "" if self.smtp_url or not self.is_loopback else f"{self.data.absolute()}/mail/"

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def takes_mail(self) -> bool:
        """Whether mail comes in by any door, so that mails of ours can be answered and come back."""
        return bool(self.smtp_listen or self.imap)

    @property
    def ways_in(self) -> tuple[tuple[str, str], ...]:
        """Who else signs people in here, as (name in addresses, label on buttons)."""
        github = (("github", "GitHub"),) if self.github_client_id and self.github_client_secret else ()
        return github + tuple(
            (p.name, p.label or p.name.replace("_", " ").title())
            for p in self.oidc
            if p.is_whole and p.name != "github"
        )

    @property
    def within(self) -> frozenset[str]:
        """Hosts (`host` or `host:port`, small letters) that may be asked though they are not on the public internet."""
        return frozenset(name.lower() for name in self.internal_hosts.replace(",", " ").split())

    def described(self) -> list[tuple[str, str]]:
        """Every setting in force as (variable, value), secrets masked; what `haas doctor` prints."""
        told = [
            (variable(f.name), "****" if f.name in SECRETS and getattr(self, f.name) else str(getattr(self, f.name)))
            for f in fields(self)
            if f.name != "oidc"
        ]
        return told + [line for provider in self.oidc for line in provider.described()]


UNPREFIXED = frozenset({"database_url", "migrate_database_url", "smtp_url", "mail_domain"})
# Those that begin so are named after whom they are about.
OTHERS = ("github_", "stripe_", "stackexchange_", "meilisearch_")


def variable(name: str) -> str:
    """The environment variable of a field: `base_url` is `HAAS_BASE_URL`, `database_url` is `DATABASE_URL`, `oidc` all
    that begin with `OIDC_`."""
    if name == "oidc":
        return "OIDC_*"
    return name.upper() if name in UNPREFIXED or name.startswith(OTHERS) else f"HAAS_{name.upper()}"


def read_settings(environment: Mapping[str, str], dotenv: Path | None = None) -> Settings:
    """Settings out of `environment`, then `dotenv` (KEY=value lines; # begins a comment line), then defaults."""
    lines: dict[str, str] = {}
    if dotenv is not None and dotenv.is_file():
        for line in dotenv.read_text().splitlines():
            key, found, value = line.strip().partition("=")
            if found and not key.startswith("#"):
                lines[key.strip().removeprefix("export ").strip()] = value.strip().strip("'\"")
    values: dict[str, str | Path] = {}
    for setting in fields(Settings):
        given = environment.get(variable(setting.name)) or lines.get(variable(setting.name))
        if given:
            values[setting.name] = Path(given).expanduser() if setting.name == "data" else given
    settings = Settings(**values)  # type: ignore[arg-type]
    data = settings.data.resolve()
    key = settings.secret_key or kept_secret(data)
    settings = with_kept_app(replace(settings, data=data))
    return Settings(
        **{
            **{f.name: getattr(settings, f.name) for f in fields(settings)},
            "secret_key": key,
            "base_url": settings.base_url.rstrip("/"),
            "github_api_base": settings.github_api_base.rstrip("/"),
            "stripe_api_base": settings.stripe_api_base.rstrip("/"),
            "stackexchange_api_base": settings.stackexchange_api_base.rstrip("/"),
            "oidc": read_providers({**lines, **{name: value for name, value in environment.items() if value}}),
        }
    )


def read_providers(values: Mapping[str, str]) -> tuple[OidcProvider, ...]:
    """The providers that `OIDC_<NAME>_...` variables describe, whole or not, by name."""
    found: dict[str, dict[str, str]] = {}
    for variable_name, value in values.items():
        if said := OIDC.fullmatch(variable_name):
            found.setdefault(said[1].lower(), {})[said[2].lower()] = value.strip()
    return tuple(OidcProvider(name, **told) for name, told in sorted(found.items()))


def kept_secret(data: Path) -> str:
    """The secret key kept under the data folder, made at first use and readable by its owner alone."""
    file = data / "secret_key"
    data.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as new:
        new.write(secrets.token_urlsafe(48))
    return file.read_text().strip()


# The GitHub App that was made at /admin/github, in the data folder; what the environment says counts before it.
APP_FILE = "github_app.json"
KEPT_OF_APP = (
    *("github_app_id", "github_app_private_key", "github_webhook_secret"),
    *("github_client_id", "github_client_secret", "github_bot_name"),
)


def keep_app(data: Path, values: Mapping[str, str]) -> None:
    """Keep an App's credentials in the data folder, readable by its owner alone; at any moment whole, or not there."""
    file = data / APP_FILE
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        json.dump({name: values[name] for name in KEPT_OF_APP}, new, indent=1)
        new.flush()
        os.fsync(new.fileno())
    fresh.rename(file)


def with_kept_app(settings: Settings) -> Settings:
    """These settings with the App that the data folder keeps, where they name none. An App is taken as a whole; who
    signs people in is named apart, so that it may be an OAuth app of the environment's."""
    if settings.github_app_id or settings.github_app_private_key:
        return settings
    try:
        kept = json.loads((settings.data / APP_FILE).read_text())
        told = {name: str(kept[name]) for name in KEPT_OF_APP}
    except FileNotFoundError:
        return settings
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"{settings.data / APP_FILE} cannot be read: {type(error).__name__}", file=sys.stderr)
        return settings
    if settings.github_client_id or settings.github_client_secret:
        told = {name: value for name, value in told.items() if not name.startswith("github_client_")}
    missing: dict[str, Any] = {name: value for name, value in told.items() if not getattr(settings, name)}
    return replace(settings, **missing)


def with_new_app(settings: Settings) -> Settings:
    """The same settings, with an App that was made since they were read. Costs a look at a folder until there is one."""
    if settings.github_app_id or not os.path.exists(f"{settings.data}/{APP_FILE}"):
        return settings
    return with_kept_app(settings)


_used: list[Settings] = []


def settings() -> Settings:
    """The settings of this process: those given to `use`, else what the environment says, read at first use."""
    if not _used:
        _used.append(read_settings(os.environ, Path(".env")))
    if not _used[-1].github_app_id:
        _used[-1] = with_new_app(_used[-1])
    return _used[-1]


def use(chosen: Settings) -> None:
    """Let this process work with `chosen` from now on (tests, and commands that read them in their own way)."""
    _used[:] = [chosen]
