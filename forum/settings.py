"""One frozen Settings object, read once from the environment (and a `.env` file beside the working directory)."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

SECRETS = frozenset({"secret_key", "database_url", "migrate_database_url", "smtp_url", "github_app_private_key"})


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
    github_api_base: str = "https://api.github.com"

    @property
    def is_loopback(self) -> bool:
        """Whether the base URL can be reached from this machine alone."""
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    def described(self) -> list[tuple[str, str]]:
        """Every setting in force as (variable, value), secrets masked; what `haas doctor` prints."""
        return [
            (variable(f.name), "****" if f.name in SECRETS and getattr(self, f.name) else str(getattr(self, f.name)))
            for f in fields(self)
        ]


UNPREFIXED = frozenset({"database_url", "migrate_database_url", "smtp_url", "mail_domain"})
# Those that begin so are named after whom they are about.
OTHERS = ("github_",)


def variable(name: str) -> str:
    """The environment variable of a field: `base_url` is `HAAS_BASE_URL`, `database_url` is `DATABASE_URL`."""
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
    for field in fields(Settings):
        given = environment.get(variable(field.name)) or lines.get(variable(field.name))
        if given:
            values[field.name] = Path(given).expanduser() if field.name == "data" else given
    settings = Settings(**values)  # type: ignore[arg-type]
    data = settings.data.resolve()
    key = settings.secret_key or kept_secret(data)
    return Settings(
        **{
            **{f.name: getattr(settings, f.name) for f in fields(settings)},
            "data": data,
            "secret_key": key,
            "base_url": settings.base_url.rstrip("/"),
            "github_api_base": settings.github_api_base.rstrip("/"),
        }
    )


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


_used: list[Settings] = []


def settings() -> Settings:
    """The settings of this process: those given to `use`, else what the environment says, read at first use."""
    if not _used:
        _used.append(read_settings(os.environ, Path(".env")))
    return _used[-1]


def use(chosen: Settings) -> None:
    """Let this process work with `chosen` from now on (tests, and commands that read them in their own way)."""
    _used[:] = [chosen]
