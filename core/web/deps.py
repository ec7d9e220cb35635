"""What routes share: the service they ask for, and the form of what clients send."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, ConfigDict

from ..service import Service


def _service(connection: HTTPConnection) -> Service:
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service


TheService = Annotated[Service, Depends(_service)]


class Body(BaseModel):
    """What a client sends; unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")
