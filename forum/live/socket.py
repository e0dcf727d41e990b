"""`/live`: the websocket. A client says which versions it has; malformed frames end it, never the process."""

import asyncio
import json
import re
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from forum.live.hub import MOST_STREAMS, Socket, hub
from forum.live.writing import PAUSE, say_writing
from forum.settings import Settings
from forum.web import sessions
from forum.web.reader import GUEST

FRAME_MOST = 4_000
VERSION_MOST = 2**62
FRAMES_A_MINUTE = 120
NO_FRAME = 'a frame is {"have": {"thread:12": 57}} or {"writing": 12}'


def comes_from_here(websocket: WebSocket, settings: Settings) -> bool:
    """Whether the page that opens the socket is one of this site (trust.md B37)."""
    origin = websocket.headers.get("origin", "")
    host = websocket.headers.get("host", "")
    return origin in (settings.base_url, f"http://{host}", f"https://{host}")


async def live(websocket: WebSocket) -> None:
    """One browser's socket, from handshake to close."""
    settings: Settings = websocket.scope["haas.settings"]
    if not comes_from_here(websocket, settings):
        await websocket.close(4403)
        return
    token = websocket.cookies.get(sessions.COOKIE)
    reader = await sessions.read_session(token, is_visit=False) if token else GUEST
    await websocket.accept()
    socket = Socket(reader)
    hub.join(socket)
    if token and reader.is_signed_in and not (await sessions.read_session(token, is_visit=False)).is_signed_in:
        socket.close()  # signed out between the handshake and joining, where nobody heard the hint
    sender = asyncio.create_task(send_all(websocket, socket))
    try:
        await receive_all(websocket, socket)
    except (WebSocketDisconnect, RuntimeError):
        pass
    finally:
        hub.leave(socket)
        socket.close()
        await sender


async def send_all(websocket: WebSocket, socket: Socket) -> None:
    """Send what waits, in order, until the socket is let go."""
    try:
        while (message := await socket.outbox.get()) is not None:
            await websocket.send_text(message)
        await websocket.close(*socket.ending)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass


async def receive_all(websocket: WebSocket, socket: Socket) -> None:
    """Hear `{"have": {"thread:12": 57, ...}}` and `{"writing": 12}` until the browser leaves. A frame that is neither
    closes the socket, and the close says what a frame is."""
    minute, frames, wrote, where = 0.0, 0, 0.0, 0
    clock = asyncio.get_running_loop().time
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if clock() - minute > 60:
            minute, frames = clock(), 0
        frames += 1
        if frames > FRAMES_A_MINUTE:
            socket.close(1008, f"more than {FRAMES_A_MINUTE} frames a minute")
            return
        if thread := read_writing(message.get("text")):
            if thread != where or clock() - wrote > PAUSE:
                wrote, where = clock(), thread
                await say_writing(socket.reader, thread)
            continue
        wanted = read_frame(message.get("text"))
        if wanted is None:
            socket.close(1008, NO_FRAME)
            return
        for stream in list(socket.versions):
            if stream not in wanted:
                hub.unfollow(socket, stream)
        for stream, version in wanted.items():
            if socket.versions.get(stream) != version:
                await hub.follow(socket, stream, version)


WRITING = re.compile(r'\{"writing":([1-9][0-9]{0,17})\}')


def read_writing(text: Any) -> int | None:
    """The thread in which a frame says that its reader is writing; None for every other frame."""
    found = WRITING.fullmatch(text) if isinstance(text, str) and len(text) < 40 else None
    return int(found[1]) if found else None


def read_frame(text: Any) -> dict[tuple[str, int], int] | None:
    """The streams and versions of a frame; None for anything that is not one."""
    if not isinstance(text, str) or len(text) > FRAME_MOST:
        return None
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    have = frame.get("have") if isinstance(frame, dict) else None
    if not isinstance(have, dict) or len(have) > MOST_STREAMS:
        return None
    wanted: dict[tuple[str, int], int] = {}
    for stream, version in have.items():
        name, colon, number = stream.partition(":")
        plain = (
            colon and name.isascii() and name.isalpha() and number.isascii() and number.isdigit() and len(number) < 19
        )
        if not plain or type(version) is not int or not 0 <= version < VERSION_MOST:
            return None
        wanted[name, int(number)] = version
    return wanted


routes = [WebSocketRoute("/live", live)]
