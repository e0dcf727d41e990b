"""The floor: a bare Starlette handler that answers with bytes from memory, served as the site's web process is."""

import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route


def make_floor(folder: Path) -> Starlette:
    """Answers `/{name}` with the file of that name in `folder`, read once."""
    pages = {file.name: file.read_bytes() for file in folder.iterdir()}

    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(pages[request.path_params["name"]])

    return Starlette(routes=[Route("/{name}", page)])


def main() -> None:
    """Serve the folder named first on the listening socket whose number is named second."""
    listener = socket.socket(fileno=int(sys.argv[2]))
    config = uvicorn.Config(
        make_floor(Path(sys.argv[1])),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
