"""The command line: what it prints, how it ends, and that a failure is one line which says what to do."""

import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import typer

from forum import cli, settings
from forum.commands import SIGN_INS as TOLD_SIGN_INS
from forum.demo.world import SIGN_INS
from tests.helpers.meili import standin_server

PASSWORD = "correct-horse"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


Haas = Callable[..., Ended]


@pytest.fixture
def haas(
    no_pool: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Haas]:
    """Runs a command in this process, on a data folder of its own; keywords are its environment."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str, **environment: str) -> Ended:
        for name in ("DATABASE_URL", "MIGRATE_DATABASE_URL", "HAAS_LOG", "MEILISEARCH_URL", "MEILISEARCH_KEY"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"HAAS_DATA": str(tmp_path / "data")} | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(settings, "_used", [])
        monkeypatch.setattr(sys, "argv", ["haas", *arguments])
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capfd.readouterr()
        return Ended(int(left.value.code or 0), out, err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
async def stranger(database_url: str) -> AsyncIterator[str]:
    """A user of the database server who may nothing."""
    name = f"stranger_{uuid4().hex[:8]}"
    link = await asyncpg.connect(database_url)
    await link.execute(f"create role {name} login")
    yield name
    await link.execute(f"drop role {name}")
    await link.close()


def failed(ended: Ended, status: int, *words: str) -> None:
    """It ended with this status and one line on standard error, which has all these words."""
    assert ended.status == status
    assert ended.out == ""
    assert ended.err.count("\n") == 1 and ended.err.startswith("haas: ")
    assert [word for word in words if word not in ended.err] == []


def every_command() -> list[list[str]]:
    def walk(command: object, path: list[str]) -> Iterator[list[str]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
        for name, child in (children or {}).items():
            yield from walk(child, [*path, name])

    return list(walk(typer.main.get_command(cli.app), []))


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_help_of_every_command_has_an_example(haas: Haas, command: list[str]) -> None:
    ended = haas(*command, "--help")
    assert ended.status == 0
    assert f"Example: haas {' '.join(command)}" in " ".join(ended.out.split())


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["serve", "--port", "http"], ["serve", "--workers", "0"], ["user", "create"], ["user"]]
)
def test_wrong_usage_ends_with_two(haas: Haas, arguments: list[str]) -> None:
    failed(haas(*arguments), 2)


def test_busy_port_is_named(haas: Haas) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        failed(haas("serve", "--port", port), 1, port, "in use", "--port")


def test_data_folder_that_is_a_file_is_named(haas: Haas, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    failed(haas("migrate"), 1, str(tmp_path / "data"))


def test_database_that_does_not_answer_is_named_without_its_password(haas: Haas) -> None:
    ended = haas("migrate", DATABASE_URL=f"postgresql://ada:{PASSWORD}@127.0.0.1:1/haas")
    failed(ended, 1, "DATABASE_URL", "127.0.0.1:1/haas")
    assert PASSWORD not in ended.err


def test_database_address_that_is_none_is_refused(haas: Haas) -> None:
    failed(haas("serve", "--port", "0", DATABASE_URL="mysql://localhost/haas"), 1, "DATABASE_URL", "postgresql://")


def test_missing_database_is_named(haas: Haas, database_url: str) -> None:
    name = f"missing_{uuid4().hex[:8]}"
    other = database_url.replace(database_url.partition("@/")[2].partition("?")[0], name)
    failed(haas("migrate", DATABASE_URL=other), 1, "DATABASE_URL", name, "create it")


def test_user_who_may_not_act_as_our_role_is_told_what_to_grant(haas: Haas, database_url: str, stranger: str) -> None:
    theirs = database_url.replace("postgres:@", f"{stranger}:@")
    ended = haas("migrate", DATABASE_URL=theirs, MIGRATE_DATABASE_URL=database_url)
    failed(ended, 1, "haas_app", f"grant haas_app to {stranger}")


def test_operator_makes_people_keys_and_projects(haas: Haas, database_url: str) -> None:
    def made(*arguments: str) -> dict[str, object]:
        ended = haas(*arguments, "--json", DATABASE_URL=database_url)
        assert (ended.status, ended.err) == (0, "")
        found: dict[str, object] = json.loads(ended.out)
        return found

    assert made("migrate") == {"applied": []}
    assert made("user", "create", "ada", "--email", "ada@example.org", "--admin") == {"id": 1}
    assert len(str(made("api-key", "create", "ada", "--description", "nightly")["key"])) > 30
    assert made("project", "create", "pelican", "--name", "Pelican", "--owner", "ada") == {"id": 1}
    assert made("search", "rebuild") == {"threads": 0}
    checks = {check["name"]: check["ok"] for check in made("doctor", "--recount")["checks"]}  # type: ignore[attr-defined]
    assert checks["database"] is True and checks["counts"] is True and False not in checks.values()

    again = haas("user", "create", "ada", "--email", "ada@example.org", DATABASE_URL=database_url)
    failed(again, 1, "name is taken")
    failed(haas("api-key", "create", "bob", DATABASE_URL=database_url), 1, "bob")
    failed(haas("project", "create", "tern", "--name", "T", "--owner", "bob", DATABASE_URL=database_url), 1, "Nobody")


def test_operator_rebuilds_and_checks_meilisearch(haas: Haas, database_url: str) -> None:
    with standin_server() as (standin, _server):
        standin.tell(key="the master key")
        named = {"MEILISEARCH_URL": standin.url, "MEILISEARCH_KEY": "the master key", "DATABASE_URL": database_url}

        def check(**environment: str) -> tuple[int, dict[str, object], str]:
            ended = haas("doctor", "--json", **(named | environment))
            told = json.loads(ended.out)
            return ended.status, {each["name"]: each for each in told["checks"]}["meilisearch"], ended.out

        assert haas("migrate", DATABASE_URL=database_url).status == 0
        status, line, _out = check()
        assert status == 1 and line["ok"] is False and "haas search rebuild" in str(line["detail"])
        ended = haas("search", "rebuild", "--json", **named)
        assert (ended.status, json.loads(ended.out), ended.err) == (0, {"threads": 0}, "")
        status, line, out = check()
        assert line["ok"] is True and f"at {standin.url}, 0 documents" in str(line["detail"])
        assert "the master key" not in out and '"MEILISEARCH_KEY": "****"' in out
        status, line, out = check(MEILISEARCH_KEY="another")
        assert status == 1 and "invalid_api_key" in str(line["detail"]) and "another" not in out
        failed(haas("search", "rebuild", **(named | {"MEILISEARCH_KEY": "another"})), 1, "invalid_api_key")
        standin.stop()
        status, line, _out = check()
        assert status == 1 and "PostgreSQL searches meanwhile" in str(line["detail"])
        failed(haas("search", "rebuild", **named), 1)


def test_demo_sign_ins_that_are_told_are_those_of_the_demo() -> None:
    assert TOLD_SIGN_INS == SIGN_INS
