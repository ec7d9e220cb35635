"""Settings: read, changed, tried out."""

from __future__ import annotations

import os
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi import Body as JsonBody
from pydantic import BaseModel, SecretStr

from ... import config
from ...accounts import Role
from ...errors import AnidanaError, ConfigError
from ...settings import Settings
from ..callers import permit
from ..deps import TheService

router = APIRouter(
    prefix="/api/config", tags=["settings"], dependencies=[Depends(permit(Role.ADMIN, Role.ADMIN))]
)

MASK = "********"
"""What stands for a secret that is set; sent back, it leaves the secret as it is."""

Changes = Annotated[dict[str, Any], JsonBody(description="Any part of the tree of settings.")]


class Setting(BaseModel):
    """One setting: its path, what it means, and where its value comes from."""

    path: str
    description: str
    value: Any
    secret: bool
    origin: str
    variable: str


class Verdict(BaseModel):
    """Whether changes would be taken."""

    valid: bool
    errors: list[str]


@router.get("", operation_id="get_config")
async def get_config(service: TheService) -> dict[str, Any]:
    """Every setting as it is written down now, secrets masked; some changes count after a restart."""
    return _tree(config.read(service.app.data / "config.json"))


@router.get("/about", operation_id="describe_config")
async def describe_config(service: TheService) -> list[Setting]:
    """What each setting means, and whether the environment sets it."""
    chosen = config.read(service.app.data / "config.json")
    return list(_settings(chosen))


@router.put("", operation_id="put_config")
@router.patch("", operation_id="patch_config")
async def change_config(changes: Changes, service: TheService) -> dict[str, Any]:
    """Lay values over the settings; everything else stays."""
    chosen = config.merge(service.app.data / "config.json", _without_masks(changes))
    service.bus.publish("settings.changed", {"sections": sorted(changes)})
    return _tree(chosen)


@router.post("/validate", operation_id="validate_config")
async def validate_config(changes: Changes, service: TheService) -> Verdict:
    """Say whether changes would be taken; nothing is written."""
    try:
        config.tried(service.app.data / "config.json", _without_masks(changes))
    except ConfigError as error:
        return Verdict(valid=False, errors=[str(error)])
    return Verdict(valid=True, errors=[])


class Tried(BaseModel):
    """Whether it works, and what it said; never what a server answered."""

    ok: bool
    said: str


@router.post("/test/media-servers/{name}", operation_id="test_media_server")
async def test_media_server(name: str, service: TheService) -> Tried:
    """Ask a media server, by its name in the settings, whether it lets us in."""
    for server in service.app.settings.media_servers:
        value = server.value()
        action = next((one for one in service.app.plugins.actions if one.name == value.kind), None)
        if value.name == name and action is not None:
            check = getattr(action, "check", None)
            if check is None:
                return Tried(ok=False, said=f"the plugin {action.name} cannot be tried out")
            try:
                return Tried(ok=True, said=str(await check(value)))
            except AnidanaError as error:
                return Tried(ok=False, said=str(error))
    raise ConfigError(f"no media server is called {name[:50]!r}", hint="after a change, restart first")


def _tree(chosen: Settings) -> dict[str, Any]:
    return {name: masked(getattr(chosen, name)) for name in Settings.model_fields}


def masked(value: Any) -> Any:
    """Settings as JSON, with stars for every secret that is set."""
    match value:
        case SecretStr():
            return MASK if value.get_secret_value() else ""
        case BaseModel():
            return {name: masked(getattr(value, name)) for name in type(value).model_fields}
        case dict():
            return {key: masked(one) for key, one in value.items()}
        case list() | tuple():
            return [masked(one) for one in value]
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _without_masks(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_masks(value) if isinstance(value, dict) else value
        for key, value in changes.items()
        if value != MASK
    }


def _settings(chosen: BaseModel, above: tuple[str, ...] = ()) -> list[Setting]:
    found: list[Setting] = []
    for name, field in type(chosen).model_fields.items():
        value, path = getattr(chosen, name), (*above, name)
        if isinstance(value, BaseModel):
            found += _settings(value, path)
            continue
        variable = config.PREFIX + "__".join(path).upper()
        given = {key.upper() for key, text in os.environ.items() if text}
        known = {theirs for theirs, ours in config.GUIDE_NAMES.items() if ours == path}
        origin = "environment" if given & {variable, *known} else "settings"
        if origin == "settings" and value == _default(path):
            origin = "default"
        secret = "Secret" in str(field.annotation)
        found.append(
            Setting(
                path=".".join(path),
                description=field.description or "",
                value=masked(value),
                secret=secret,
                origin=origin,
                variable=variable,
            )
        )
    return found


def _default(path: tuple[str, ...]) -> Any:
    value: Any = Settings()
    for name in path:
        value = getattr(value, name)
    return value
