"""Filemoon's sealed answers."""

from __future__ import annotations

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from anidana.core import PageChanged
from anidana.plugins.providers.filemoon import open_sealed

KEY, NONCE = os.urandom(32), os.urandom(12)
ANSWER = {"sources": [{"url": "https://cdn.example/a.m3u8", "height": 720}]}


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed(parts: list[bytes], version: int, answer: bytes = b"") -> dict[str, object]:
    plain = answer or b"\xef\xbb\xbf" + json.dumps(ANSWER).encode()
    payload = AESGCM(KEY).encrypt(NONCE, plain, None)
    return {
        "iv": text(NONCE),
        "payload": text(payload),
        "key_parts": [text(part) for part in parts],
        "version": version,
    }


FIRST, SECOND, FAKE = KEY[:16], KEY[16:], b"f" * 24


@pytest.mark.parametrize(
    ("parts", "version"),
    [
        ([FIRST, SECOND], 1),
        ([FAKE, FIRST, FAKE, FAKE, SECOND, FAKE], 5),
        ([FIRST, FIRST, SECOND, FIRST], 2),  # no filter by length helps: the version says which
    ],
    ids=["two parts", "fakes of another length", "by the version"],
)
def test_the_true_parts_of_the_key_are_found(parts: list[bytes], version: int) -> None:
    assert open_sealed(sealed(parts, version)) == ANSWER


@pytest.mark.parametrize(
    "answer",
    [
        sealed([SECOND, FIRST], 1),
        sealed([FIRST, SECOND], 1, b"no json"),
        sealed([FIRST, FIRST, SECOND], 99),
        {**sealed([FIRST, SECOND], 1), "iv": "*"},
        {**sealed([FIRST, SECOND], 1), "payload": 7},
        {"key_parts": None},
    ],
    ids=["wrong key", "no json", "version beyond", "no base64", "a number", "no parts"],
)
def test_what_does_not_open_is_a_changed_page(answer: dict[str, object]) -> None:
    with pytest.raises(PageChanged):
        open_sealed(answer)
