"""What the commands of `haas` do: each gets the site ready, calls one function of the room that knows, prints."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from forum import log
from forum.database.ready import Ready, ready_database
from forum.late import late
from forum.settings import Settings, settings, use

T = TypeVar("T")
DEMO_PASSWORD = "demo-password"
# As in forum/demo, which takes longer to import than a second start may take.
SIGN_INS = ("demo-admin", "demo-owner", "demo-supporter", "demo-asker")


class Refused(RuntimeError):
    """A command cannot do what was asked; the message is one line."""


def say(result: dict[str, Any], words: str, as_json: bool) -> None:
    """Print a result, for people or for programs."""
    print(json.dumps(result, ensure_ascii=False) if as_json else words)


def on_site(function: Callable[[Settings], Awaitable[T]]) -> T:
    """Run `function` on the site: database ready (joined where the site is served now), rooms wired, pool open."""
    chosen = settings()
    log.configure(chosen.log)
    with ready_database(chosen) as ready:
        return on_ready_site(ready.settings, function)


def on_ready_site(chosen: Settings, function: Callable[[Settings], Awaitable[T]]) -> T:
    """As `on_site`, with a database that is ready."""
    use(chosen)
    late("forum.wiring:wire")()
    connect, disconnect = late("forum.database.engine:connect"), late("forum.database.engine:disconnect")
    flush_hints = late("forum.events:flush_hints")

    async def run() -> T:
        await connect(chosen.database_url)
        try:
            return await function(chosen)
        finally:
            await late("search.interface:current")().close()
            await flush_hints()
            await disconnect()

    return asyncio.run(run())


def serve(host: str, port: int, workers: int, with_worker: bool, demo: bool) -> int:
    """Serve until SIGINT or SIGTERM."""

    def first(chosen: Settings) -> list[str]:
        return demo_sign_ins(chosen) if demo else []

    try:
        status: int = late("forum.serve:serve")(settings(), host, port, workers, with_worker, first)
    except KeyboardInterrupt:
        # before anything was served
        return 0
    return status


def demo_sign_ins(chosen: Settings) -> list[str]:
    """Fill the site where it is empty; the lines that say how to sign in, as long as the demo's password is known."""
    file = chosen.data / DEMO_PASSWORD
    if not file.exists():
        not_empty = late("forum.demo:NotEmpty")
        with suppress(not_empty):
            print("Making the demo community...", flush=True)
            result = on_ready_site(chosen, lambda _chosen: late("forum.demo:make_demo")(chosen))
            keep_password(file, result.password)
    with suppress(FileNotFoundError):
        return [f"Sign in as {', '.join(SIGN_INS)} with the password {file.read_text().strip()}"]
    return []


def keep_password(file: Path, password: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(password + "\n")


def work() -> int:
    """Do jobs until SIGINT or SIGTERM."""
    chosen = settings()
    log.configure(chosen.log)
    with ready_database(chosen) as ready:
        use(ready.settings)
        late("forum.wiring:wire")()
        status: int = late("forum.processes:run_worker")(ready.settings)
    return status


def migrate(as_json: bool) -> None:
    chosen = settings()
    log.configure(chosen.log)

    def tell(ready: Ready) -> None:
        words = f"applied {', '.join(ready.applied)}" if ready.applied else "nothing to apply"
        say({"applied": ready.applied}, words, as_json)

    with ready_database(chosen) as ready:
        tell(ready)


def demo(threads: int | None, as_json: bool) -> None:
    """Fill an empty site; the password is kept in the data folder."""

    async def fill(chosen: Settings) -> Any:
        result = await late("forum.demo:make_demo")(chosen, threads=threads)
        keep_password(chosen.data / DEMO_PASSWORD, result.password)
        return result

    result = on_site(fill)
    say(
        asdict(result),
        f"{result.projects} projects, {result.people} people, {result.threads} threads, {result.posts} posts\n"
        f"Sign in as {', '.join(result.sign_ins)} with the password {result.password}",
        as_json,
    )


def import_github(repository: str, project: str, archive: str | None, as_json: bool, with_pulls: bool) -> int:
    run_import = late("importers.github.commands:run_import")

    async def bring(_chosen: Settings) -> int:
        status: int = await run_import(repository, project, archive, as_json=as_json, with_pulls=with_pulls)
        return status

    return on_site(bring)


def import_stackexchange(project: str, tag: str | None, site: str | None, dump: str | None, as_json: bool) -> int:
    run_import = late("importers.stackexchange.commands:run_import")

    async def bring(_chosen: Settings) -> int:
        return int(await run_import(project, tag, site, dump, as_json))

    return on_site(bring)


def create_user(name: str, email: str, admin: bool, password_stdin: bool, as_json: bool) -> None:
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else secrets.token_urlsafe(32)

    async def create(_chosen: Settings) -> int:
        number: int = await late("forum.accounts.commands:create_user")(name, email, password, admin)
        return number

    number = on_site(create)
    say({"id": number}, str(number), as_json)


def create_key(name: str, description: str, as_json: bool) -> None:
    async def create(_chosen: Settings) -> str:
        person = await late("forum.database.engine:fetch_value")(
            "select id from person where lower(username) = lower($1) and kind = 'local' and disabled_at is null", name
        )
        if person is None:
            raise Refused(f"nobody here is called {name}")
        key: str = await late("forum.web.keys:create_api_key")(person, description)
        return key

    key = on_site(create)
    say({"key": key}, key, as_json)


def create_project(slug: str, name: str, owner: str, entity: str, as_json: bool) -> None:
    async def create(_chosen: Settings) -> int:
        number: int = await late("forum.projects.commands:create_project_for")(slug, name, owner, entity)
        return number

    number = on_site(create)
    say({"id": number}, str(number), as_json)


def rebuild_search(as_json: bool) -> None:
    async def rebuild(_chosen: Settings) -> int:
        with late("search.progress:progress_bar")() as tell:
            number: int = await late("search.interface:current")().rebuild(tell)
        return number

    number = on_site(rebuild)
    say({"threads": number}, f"{number} threads indexed", as_json)


def verify_ledger(as_json: bool) -> int:
    """Replay the ledger; 1 where anything in it is wrong."""

    async def verify(_chosen: Settings) -> Any:
        return await late("payouts.verify:verify")()

    found = on_site(verify)
    words = f"{found.entries} entries of {found.transactions} transactions in {found.accounts} accounts replayed"
    say(asdict(found), "\n".join([*found.wrong, words + (": all true" if not found.wrong else "")]), as_json)
    if not found.wrong:
        return 0
    sys.stderr.write(f"haas: the ledger has {len(found.wrong)} faults\n")
    return 1


# sysexits.h, which mail servers go by.
DATA_ERROR, NO_USER, TRY_AGAIN = 65, 67, 75


def receive_mail(recipients: list[str], sender: str) -> int:
    """Keep the mail on standard input for these recipients; the exit status is what a mail server's pipe goes by."""
    most = late("forum.mail.arriving.door:SIZE_MOST")
    raw = sys.stdin.buffer.read(most + 1)
    if len(raw) > most or not raw.strip():
        sys.stderr.write("haas: no mail, or one of more than 25 MB\n")
        return DATA_ERROR

    async def take(chosen: Settings) -> int:
        door = late("forum.mail.arriving.door")
        await door.check_open()
        if any([await door.address_of(recipient, chosen) is None for recipient in recipients]):
            sys.stderr.write("haas: no such address here\n")
            return NO_USER
        await door.take_in(door.Mailed(sender, recipients, raw))
        return 0

    try:
        return on_site(take)
    except Exception as error:
        # whatever it is, the mail stays with who brought it
        sys.stderr.write(f"haas: try again later: {type(error).__name__}\n")
        return TRY_AGAIN
