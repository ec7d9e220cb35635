"""No secret is ever written; what is known to be one, and what looks like one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from anidana.core import logs
from anidana.core.errors import SetupError
from anidana.core.logs import Redact

SECRET = "s3cr3t-k3y-of-the-owner"


@pytest.mark.parametrize(
    "line",
    [
        f"asked with {SECRET}",
        f"GET /x?api_key={SECRET}&page=1",
        f"https://host/x?token={SECRET}",
        f"X-Api-Key: {SECRET}",
        f'{{"password": "{SECRET}"}}',
        f"Authorization: MediaBrowser Token={SECRET}",
        f"headers={{'Cookie': 'session={SECRET}; other={SECRET}'}}",
        f"Set-Cookie: a={SECRET}; Path=/",
        f"http://user:{SECRET}@kodi:8080/jsonrpc",
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_secret_is_starred(line: str, known: bool) -> None:
    if not known and line.startswith("asked"):
        pytest.skip("nothing tells that this is a secret")
    clean = Redact([SECRET] if known else []).clean(line)
    assert SECRET not in clean and "***" in clean


def test_ordinary_lines_stay_as_they_are() -> None:
    line = "S01E02 filed at /srv/anime/Show (2020)/Season 01 from https://voe.sx/e/abc"
    assert Redact([SECRET]).clean(line) == line


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Logging set up into a folder, and taken down again."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("anidana").level
    logs.set_up(tmp_path / "logs", "INFO", [SECRET])
    yield tmp_path / "logs"
    for logger in (root, logs.DOWNLOAD_ERRORS):
        for handler in set(logger.handlers) - set(before[0]):
            logger.removeHandler(handler)
            handler.close()
    root.setLevel(before[1])
    logging.getLogger("anidana").setLevel(before[2])


def test_messages_arguments_and_tracebacks_are_all_cleaned(folder: Path) -> None:
    log = logging.getLogger("anidana.test")
    log.info("with %s in an argument", SECRET)
    try:
        raise ValueError(f"the key {SECRET} is wrong")
    except ValueError:
        log.exception("failed")
    text = (folder / "anidana.log").read_text()
    assert "with *** in an argument" in text and "ValueError: the key *** is wrong" in text
    assert SECRET not in text


def test_failures_of_all_hosts_stand_in_both_logs(folder: Path) -> None:
    logs.DOWNLOAD_ERRORS.error("All download providers failed for S01E001")
    logging.getLogger("anidana.test").info("something else")
    assert "S01E001" in (folder / "anidana.log").read_text()
    assert (folder / "download_errors.log").read_text().count("\n") == 1


def test_setting_up_again_does_not_write_twice(folder: Path) -> None:
    logs.set_up(folder, "INFO", [SECRET])
    logging.getLogger("anidana.test").info("once")
    assert (folder / "anidana.log").read_text().count("once") == 1


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="no log can be written"):
        logs.set_up(tmp_path / "file" / "logs", "INFO", [])
