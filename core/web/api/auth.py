"""Set-up, login, people and keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from ... import accounts, config, settings
from ...accounts import Role
from ...errors import Held, NotFound
from ...library.folders import check_library
from ...store import accounts as rows
from ...store.sessions import get_db_session
from ..callers import COOKIE, TheCaller, caller, permit
from ..deps import Body, TheService
from ..problems import NoLogin

router = APIRouter(prefix="/api/auth", tags=["auth"])
public = APIRouter(prefix="/api/auth", tags=["auth"])
admin = APIRouter(prefix="/api/auth", tags=["auth"], dependencies=[Depends(permit(Role.ADMIN, Role.ADMIN))])

Name = Annotated[str, Field(min_length=1, max_length=100)]
Password = Annotated[SecretStr, Field(max_length=accounts.MOST_PASSWORD)]


class SetUp(Body):
    """The first account, and the library's folder if it is not set yet."""

    master_password: Password
    anime_directory: str | None = None
    username: Name = "admin"


class Login(Body):
    """Without `username` it is whoever set this installation up."""

    password: Password
    username: str = Field("", max_length=100)
    remember: bool = False


class Token(BaseModel):
    """A login for programs, to be sent as `Authorization: Bearer`; browsers get a cookie as well."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105
    expires_in: int


class Status(BaseModel):
    """Whether this installation is set up, and whether the caller is logged in."""

    configured: bool
    authenticated: bool
    username: str | None = None
    role: str | None = None


@public.post("/setup", status_code=201, operation_id="set_up")
async def set_up(body: SetUp, service: TheService) -> dict[str, str]:
    """Make the first account; possible once."""
    if await accounts.is_set_up():
        raise Held("this installation is set up already")
    accounts.check_password(body.master_password.get_secret_value())
    if body.anime_directory is not None:
        folder = settings.Library(anime_directory=body.anime_directory).anime_directory
        check_library(folder)
        config.change(service.app.data / "config.json", ("library", "anime_directory"), str(folder))
    await accounts.set_up(body.master_password.get_secret_value(), body.username)
    return {"status": "ok"}


@public.post("/login", operation_id="log_in")
async def log_in(body: Login, request: Request, response: Response) -> Token:
    """Log in; wrong tries make the next ones wait."""
    address = request.client.host if request.client else ""
    token, holds = await accounts.log_in(
        body.password.get_secret_value(), address, name=body.username, remember=body.remember
    )
    seconds = int(holds.total_seconds())
    response.set_cookie(
        COOKIE, token, max_age=seconds if body.remember else None, httponly=True, samesite="lax",
        secure=request.url.scheme == "https", path=request.scope.get("root_path", "") or "/",
    )  # fmt: skip
    return Token(access_token=token, expires_in=seconds)


@public.get("/status", operation_id="login_status")
async def status(request: Request, service: TheService) -> Status:
    """Who is logged in, if anybody is."""
    configured = await accounts.is_set_up()
    try:
        who = await caller(request, service)
    except NoLogin:
        return Status(configured=configured, authenticated=False)
    return Status(configured=configured, authenticated=True, username=who.name, role=who.role.name.lower())


@router.post("/logout", operation_id="log_out", dependencies=[Depends(permit(write=Role.VIEWER))])
async def log_out(request: Request, response: Response) -> dict[str, str]:
    """End this login."""
    bearer = request.headers.get("authorization", "").partition(" ")[2].strip()
    await accounts.log_out(bearer or request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE, path=request.scope.get("root_path", "") or "/")
    return {"status": "ok"}


class NewPassword(Body):
    """One's own password, old and new."""

    old: Password
    new: Password


@router.put(
    "/password", operation_id="change_password", status_code=204,
    dependencies=[Depends(permit(write=Role.VIEWER))],
)  # fmt: skip
async def change_password(body: NewPassword, who: TheCaller) -> None:
    """Change one's own password; every login of the person ends."""
    if who.user_id is None:
        raise Held("a key has no password")
    await accounts.change_password(who.user_id, body.old.get_secret_value(), body.new.get_secret_value())


class User(BaseModel):
    """A person."""

    name: str
    role: str


class NewUser(Body):
    """A person to be let in."""

    name: Name
    password: Password
    role: str = "viewer"


@admin.get("/users", operation_id="list_users")
async def list_users() -> list[User]:
    """Everybody who may log in."""
    async with get_db_session(read_only=True) as session:
        return [User(name=row.name, role=row.role) for row in await rows.users(session)]


@admin.post("/users", status_code=201, operation_id="add_user")
async def add_user(body: NewUser) -> User:
    """Let somebody in."""
    role = Role.parse(body.role)
    await accounts.add_user(body.name, body.password.get_secret_value(), role)
    return User(name=body.name, role=role.name.lower())


@admin.delete("/users/{name}", status_code=204, operation_id="remove_user")
async def remove_user(name: str) -> None:
    """Take an account away."""
    await accounts.remove_user(name)


class Key(BaseModel):
    """An API key; `key` is shown once, when it is made."""

    id: int
    name: str
    role: str
    key: str | None = None


class NewKey(Body):
    """A key for a program, with what it may do."""

    name: Name
    role: str = "viewer"


@admin.get("/keys", operation_id="list_keys")
async def list_keys() -> list[Key]:
    """All API keys, without what makes them open doors."""
    async with get_db_session(read_only=True) as session:
        return [Key(id=row.id, name=row.name, role=row.role) for row in await rows.keys(session)]


@admin.post("/keys", status_code=201, operation_id="add_key")
async def add_key(body: NewKey) -> Key:
    """Make an API key."""
    role = Role.parse(body.role)
    key = await accounts.add_key(body.name, role)
    async with get_db_session(read_only=True) as session:
        made = next((row for row in await rows.keys(session) if row.name == body.name), None)
    if made is None:
        raise NotFound("the key was removed at once")
    return Key(id=made.id, name=made.name, role=made.role, key=key)


@admin.delete("/keys/{key_id}", status_code=204, operation_id="remove_key")
async def remove_key(key_id: int) -> None:
    """Make a key worthless."""
    await accounts.remove_key(key_id)
