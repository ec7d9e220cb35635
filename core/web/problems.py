"""Errors as the API tells them: problem+json (RFC 9457) with a stable `code`."""

from __future__ import annotations

import math
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..accounts import TooManyTries, WeakPassword, WrongLogin
from ..errors import AnidanaError, ConfigError, DiskFull, Held, NotFound, SetupError, SourceError


class NoLogin(AnidanaError):
    """Nobody is logged in, or the login has ended."""

    word = "no_login"


class NotAllowed(AnidanaError):
    """Whoever asks may not do this."""

    word = "not_allowed"


_STATUS: dict[type[AnidanaError], int] = {
    NotFound: 404, Held: 409, ConfigError: 400, SetupError: 503, DiskFull: 507, SourceError: 502,
    WeakPassword: 400, WrongLogin: 401, TooManyTries: 429, NoLogin: 401, NotAllowed: 403,
}  # fmt: skip


def install(api: FastAPI) -> None:
    """Let every error of ours, of validation and of routing come out in one form."""
    api.add_exception_handler(AnidanaError, _ours)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(RequestValidationError, _invalid)


def problem(status: int, code: str, title: str, hint: str = "", **more: object) -> JSONResponse:
    """The answer; `title` is a sentence for people, `hint` what to do."""
    body = {"type": "about:blank", "status": status, "code": code, "title": title, "hint": hint, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnidanaError)
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)
    answer = problem(status, error.word, str(error), error.hint)
    if isinstance(error, TooManyTries):
        answer.headers["Retry-After"] = str(math.ceil(error.seconds))
    if isinstance(error, NoLogin):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, HTTPStatus(error.status_code).name.lower(), str(error.detail))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [{"at": [str(part) for part in one["loc"]], "text": one["msg"]} for one in error.errors()]
    return problem(422, "invalid", "the request is not understood", errors=faults)
