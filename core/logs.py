"""Logging: files in the data folder, and a filter that takes secrets out of every line.

`logs/anidana.log` holds everything; `logs/download_errors.log` one line per episode that no
host delivered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from .errors import SetupError

DOWNLOAD_ERRORS = logging.getLogger("anidana.download_errors")
"""One line per episode that every host failed on."""

_PATTERNS = (
    re.compile(r"(?i)\b((?:x-)?(?:api[-_]?key|emby-token|access_token|token|password|passwd|secret)"
               r"[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,;]+"),
    re.compile(r"(?i)\b(authorization[\"']?\s*[=:]\s*[\"']?)[^\"'\n]+"),
    re.compile(r"(?i)\b((?:set-)?cookie[\"']?\s*[=:]\s*[\"']?)[^\"'\n]+"),
    re.compile(r"(https?://)[^/\s:@]+:[^/\s@]+@"),
)  # fmt: skip
_LEAST_SECRET = 4


class Redact(logging.Filter):
    """Replaces known secrets, and whatever looks like one, by stars before a line is written."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted({s for s in secrets if len(s) >= _LEAST_SECRET}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drops one."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong log call must not hurt its caller
            message = f"{record.msg} {record.args}"
        record.msg, record.args = self.clean(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.clean(record.exc_text)
        return True

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        for pattern in _PATTERNS:
            text = pattern.sub(lambda found: f"{found[1]}***", text)
        return text


def set_up(folder: Path, level: str, secrets: Iterable[str]) -> None:
    """Write logs into `folder`; called once at start, again it replaces what it set up before."""
    redact = Redact(secrets)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        everything = _file(folder / "anidana.log", redact)
        failures = _file(folder / "download_errors.log", redact)
    except OSError as error:
        raise SetupError(f"no log can be written to {folder}: {error.strerror}") from error
    # In a log of a program, other people's libraries speak only when something is wrong.
    logging.getLogger().setLevel(logging.WARNING)
    logging.getLogger("anidana").setLevel(level)
    for logger, handler in ((logging.getLogger(), everything), (DOWNLOAD_ERRORS, failures)):
        for old in [h for h in logger.handlers if isinstance(h, RotatingFileHandler)]:
            logger.removeHandler(old)
            old.close()
        logger.addHandler(handler)


def _file(path: Path, redact: Redact) -> RotatingFileHandler:
    handler = RotatingFileHandler(path, maxBytes=5_000_000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(redact)
    return handler
