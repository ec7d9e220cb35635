"""What happens, as it happens: the predecessor's WebSocket and server-sent events, two doors to one bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ..errors import Held
from ..jobs.bus import Message, Subscription
from .callers import caller
from .deps import TheService
from .problems import NoLogin

router = APIRouter(tags=["live"])
sockets = APIRouter()

MOST_CLIENTS = 300
SEND_SECONDS = 10.0
"""A client that takes longer for one message is let go."""

ROOMS = {"download": "downloads", "queue": "queue", "scan": "scan", "health": "system", "system": "system"}
"""Rooms by the beginning of a type; what has none goes to everybody."""


@router.get("/api/events", response_class=EventSourceResponse, operation_id="events")
async def events(
    service: TheService,
    topics: Annotated[
        str, Query(max_length=500, description="Beginnings of types, as in `job,series`.")
    ] = "",
    last_event_id: Annotated[int | None, Header(ge=0)] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Everything that happens, from behind `Last-Event-ID` on; `sync` says that some of it is gone."""
    if service.bus.listeners >= MOST_CLIENTS:
        raise Held("too many listen already")
    wanted = tuple(one.strip() for one in topics.split(",") if one.strip())
    with service.bus.listen(last_event_id) as subscription:
        if subscription.missed:
            yield ServerSentEvent(event="sync", data={})
        async for message in subscription:
            if not wanted or message.type.startswith(wanted):
                yield ServerSentEvent(id=str(message.id), event=message.type, data=envelope(message))


def envelope(message: Message) -> dict[str, Any]:
    """A message as event streams tell it."""
    subject = None if message.subject is None else {"kind": message.subject[0], "id": message.subject[1]}
    return {
        "id": message.id,
        "type": message.type,
        "at": message.at.isoformat(),
        "subject": subject,
        "data": dict(message.data),
    }


@sockets.websocket("/ws/connect")
async def connect(socket: WebSocket, service: TheService) -> None:
    """The predecessor's socket: `{"action": "join", "room": "downloads"}`, `leave` and `ping`."""
    try:
        await caller(socket, service)
    except NoLogin:
        await socket.close(1008, "log in first")
        return
    if service.bus.listeners >= MOST_CLIENTS:
        await socket.close(1013, "too many listen")
        return
    await socket.accept()
    rooms = set[str]()
    with service.bus.listen() as subscription:
        tasks = [
            asyncio.create_task(_hear(socket, rooms)),
            asyncio.create_task(_tell(socket, rooms, subscription)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    with suppress(RuntimeError, OSError):  # it has gone already
        await socket.close(1001)


async def _hear(socket: WebSocket, rooms: set[str]) -> None:
    with suppress(WebSocketDisconnect, KeyError):
        while True:
            answer = _obey(await socket.receive_text(), rooms)
            async with asyncio.timeout(SEND_SECONDS):
                await socket.send_json(answer)


def _obey(text: str, rooms: set[str]) -> dict[str, Any]:
    """Do what a client asks for; the answer goes back to it."""
    try:
        asked = json.loads(text)
    except ValueError:
        asked = None
    match asked:
        case {"action": "ping"}:
            return _message("pong", {})
        case {"action": "join", "room": str(room)} if room in ROOMS.values():
            rooms.add(room)
            return _message("joined", {"room": room})
        case {"action": "leave", "room": str(room)}:
            rooms.discard(room)
            return _message("left", {"room": room})
    return _message(
        "error", {"message": "join, leave or ping is wanted", "rooms": sorted(set(ROOMS.values()))}
    )


async def _tell(socket: WebSocket, rooms: set[str], subscription: Subscription) -> None:
    async for message in subscription:
        for type_, data in translated(message):
            room = ROOMS.get(type_.partition("_")[0])
            if room is None or room in rooms:
                async with asyncio.timeout(SEND_SECONDS):
                    await socket.send_json(_message(type_, data, message.at))


def _message(type_: str, data: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
    return {"type": type_, "timestamp": (at or datetime.now(UTC)).isoformat(), "data": data}


def translated(message: Message) -> list[tuple[str, dict[str, Any]]]:
    """A message of the bus in the predecessor's words: types and data."""
    data = dict(message.data)
    match message.type, data.get("state"):
        case "job.progress", _:
            speed = round((data["speed"] or 0) / 1e6, 2)
            about = {"download_id": data["id"], "speed_mbps": speed, "eta_seconds": data["eta"]}
            return [("download_progress", {**data, **about})]
        case "job.changed", "completed":
            return [("download_complete", data), ("queue_status", data)]
        case "job.changed", "failed" | "permanently_failed":
            return [("download_failed", data), ("queue_status", data)]
        case "job.added" | "job.changed" | "job.removed" | "queue.changed", _:
            return [("queue_status", data)]
    return [(message.type.replace(".", "_"), data)]
