"""The `haas` command: what can be said on a command line, and how its failures are told. The doing is elsewhere."""

import asyncio
import os
import signal
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from forum.late import late

FAILED = 1
app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Help as a service: serve a site, and everything an operator does with one.",
)
imports = typer.Typer(help="Bring threads in from elsewhere.")
user = typer.Typer(help="People of the site.")
api_key = typer.Typer(help="Keys for programs.")
project = typer.Typer(help="Projects of the site.")
search = typer.Typer(help="The search index.")
ledger = typer.Typer(help="The ledger of all money.")
mail = typer.Typer(help="Mail that comes in.")
ROOMS = {
    "import": imports,
    "user": user,
    "api-key": api_key,
    "project": project,
    "search": search,
    "ledger": ledger,
    "mail": mail,
}
for name, room in ROOMS.items():
    app.add_typer(room, name=name)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def do(command: str, *given: Any, **named: Any) -> None:
    """Do what a function of forum/commands.py, or of the room named, does; what it returns is the exit status."""
    status = late(command if ":" in command else f"forum.commands:{command}")(*given, **named)
    if status:
        raise typer.Exit(status)


@app.command(epilog="Example: haas serve --port 8080 --workers 2")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(help="Web processes.", min=1, max=64)] = 1,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="No job worker beside them.")] = False,
    reload: Annotated[bool, typer.Option("--reload", help="Start again whenever a source file changes.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty site with the demo community first.")] = False,
) -> None:
    """Serve the site: web processes, a worker, and the embedded database when DATABASE_URL is unset."""
    if reload:
        do("forum.reload:serve_again", sys.argv[1:])
    else:
        do("serve", host, port, workers, not no_worker, demo)


@app.command(epilog="Example: haas worker")
def worker() -> None:
    """Do background jobs, on this machine or another one; as many as wanted."""
    do("work")


@app.command(epilog="Example: haas migrate --json")
def migrate(as_json: AsJson = False) -> None:
    """Apply the migrations that the database lacks."""
    do("migrate", as_json)


@app.command(epilog="Example: haas doctor --recount")
def doctor(
    recount: Annotated[bool, typer.Option("--recount", help="Prove every kept counter against its rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, database, search, mail, assets and clock; fails when something configured does not work."""
    do("forum.doctor:doctor", recount, as_json)


@app.command(epilog="Example: haas demo --threads 20000")
def demo(
    threads: Annotated[int | None, typer.Option(help="Load as many threads in all.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Fill an empty site with a believable community; the same every time, but for dates and the password."""
    do("demo", threads, as_json)


@app.command(epilog="Example: haas bench reply_store page_weight_kb --strict")
def bench(
    rows: Annotated[list[str] | None, typer.Argument(help="Rows to measure; all when none is named.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when a goal is missed.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the site in a tenth of the time.")] = False,
) -> None:
    """Measure how fast the site is, in a database of its own; a table, and a file under bench/ in the data folder."""
    do("forum.bench:bench", only=rows or [], strict=strict, quick=quick)


@imports.command("github", epilog="Example: haas import github quicwg/qlog --project qlog --archive archive.json")
def import_github(
    repository: Annotated[str, typer.Argument(metavar="OWNER/REPO")],
    project: Annotated[str, typer.Option(help="Slug of the project that receives the threads.")],
    archive: Annotated[
        str | None, typer.Option(metavar="FILE|URL", help="An archive.json, or REST objects, one a line.")
    ] = None,
    with_pulls: Annotated[bool, typer.Option("--with-pulls", help="Pull requests too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a repository's issues as threads; again at any time: nothing is added twice."""
    do("import_github", repository, project, archive, as_json, with_pulls)


@imports.command(
    "stackexchange", epilog="Example: haas import stackexchange --project pelican --tag pelican --site stackoverflow"
)
def import_stackexchange(
    project: Annotated[str, typer.Option(help="Slug of the project that receives the threads.")],
    tag: Annotated[str | None, typer.Option(help="Questions with this tag, from the API.")] = None,
    site: Annotated[
        str | None, typer.Option(help="The site, as the API calls it, or its domain; stackoverflow when not given.")
    ] = None,
    dump: Annotated[str | None, typer.Option(metavar="DIR", help="A folder with a data dump (Posts.xml...).")] = None,
    as_json: AsJson = False,
) -> None:
    """Import questions with answers and comments as threads; again at any time: nothing is added twice."""
    do("import_stackexchange", project, tag, site, dump, as_json)


@user.command("create", epilog="Example: haas user create ada --email ada@example.org --admin")
def create_user(
    name: str,
    email: Annotated[str, typer.Option(help="E-mail address; counts as confirmed.")],
    admin: Annotated[bool, typer.Option("--admin", help="An admin of the site.")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a person and print the id. Without a password they choose one by "Forgot your password?"."""
    do("create_user", name, email, admin, password_stdin, as_json)


@api_key.command("create", epilog='Example: haas api-key create ada --description "nightly export"')
def create_api_key(
    name: Annotated[str, typer.Argument(help="Username of the person the key acts for.")],
    description: Annotated[str, typer.Option(help="What the key is for.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an API key and print it, once."""
    do("create_key", name, description, as_json)


@project.command("create", epilog='Example: haas project create pelican --name "Pelican Toolkit" --owner ada')
def create_project(
    slug: str,
    name: Annotated[str, typer.Option(help="The project's name.")],
    owner: Annotated[str, typer.Option(help="Username of its owner.")],
    entity: Annotated[str, typer.Option(help="Its legal entity; the project's name when not given.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a project with the four default categories and print the id."""
    do("create_project", slug, name, owner, entity, as_json)


@search.command("rebuild", epilog="Example: haas search rebuild")
def rebuild_search(as_json: AsJson = False) -> None:
    """Build the search index again while it is searched (Meilisearch's too, if set), and print how many threads it holds."""
    do("rebuild_search", as_json)


@ledger.command("verify", epilog="Example: haas ledger verify --json")
def verify_ledger(as_json: AsJson = False) -> None:
    """Replay every entry of the ledger and compare; fails, with a line for each fault, when anything is wrong."""
    do("verify_ledger", as_json)


@mail.command("receive", epilog="Example: haas mail receive --sender ana@example.org pelican@help.example < mail.eml")
def receive_mail(
    recipients: Annotated[list[str], typer.Argument(metavar="RECIPIENT...")],
    sender: Annotated[str, typer.Option(help="The sender of the envelope; none for a report.")] = "",
) -> None:
    """Take a mail from standard input, as a mail server's pipe; ends with 0 when it is kept, 67 where there is no such
    address, 65 for what is no mail, and 75 when it should be tried again (sysexits)."""
    do("receive_mail", recipients, sender)


def told(error: BaseException) -> str:
    """One line that says what went wrong."""
    if isinstance(error, OSError) and error.strerror:
        line = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    else:
        line = " ".join(str(error).split())
    known = type(error).__module__.partition(".")[0] in ("forum", "importers", "search", "categories", "payouts")
    return line if line and (known or isinstance(error, OSError)) else f"{type(error).__name__}: {line}".rstrip(": ")


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; exit status 0, 1 (failed; one line on standard error) or 2 (wrong usage)."""
    # what is to be undone at the end (a database let go) is undone then too
    signal.signal(signal.SIGTERM, interrupt)
    try:
        status = typer.main.get_command(app).main(sys.argv[1:] or ["--help"], prog_name="haas", standalone_mode=False)
    except TyperException as error:
        sys.stderr.write(f"haas: {' '.join(error.format_message().split())} (see haas --help)\n")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, typer.Abort, asyncio.CancelledError):
        sys.stderr.write("haas: stopped\n")
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get("HAAS_LOG") == "debug":
            traceback.print_exc()
        sys.stderr.write(f"haas: {told(error)}\n")
        sys.exit(FAILED)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
