"""StreamUp, also Streamix: asked for the file's code, the player's interface answers with the playlist.

Checked on a page and an answer recorded in January 2026; the older, sealed page is as other programs read it.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from anidana.core import Get, Link, Page, PageChanged, Provider, Steps, Stream, hookimpl

from ._streaming_url import parse_answer
from ._verdict import verdict
from ._xfs import MARKS

_DOMAINS = """
    streamup.ws streamup.cc strmup.to strmup.cc vfaststream.com streamix.so stmix.io kinoger.pw
"""

_LINK = re.compile(r"https?://[^/?#]+/(?:v/|e/)?(\w{6,20})(?:[/?#].*)?", re.DOTALL)
_SESSION = re.compile(r"""["']([0-9a-f]{32})["']""")
_SEALED = re.compile(r"""["']([A-Za-z0-9+/=]{120,})["']""")


def unseal(text: str, key: str) -> Any:
    """What a sealed page says: AES-CBC in base64, the IV first; PageChanged if the key does not fit."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC
    from cryptography.hazmat.primitives.padding import PKCS7

    try:
        sealed, unpadder = binascii.a2b_base64(text), PKCS7(128).unpadder()
        decryptor = Cipher(AES(binascii.a2b_base64(key)), CBC(sealed[:16])).decryptor()
        plain = unpadder.update(decryptor.update(sealed[16:]) + decryptor.finalize()) + unpadder.finalize()
        return json.loads(plain)
    except (ValueError, RecursionError) as error:  # binascii.Error is one
        raise PageChanged("StreamUp's sealed page does not open with its key") from error


class StreamUp:
    """The host streamup.ws, under whichever name."""

    name = "StreamUp"
    labels = ("Streamix",)
    domains = tuple(_DOMAINS.split())
    headers: Mapping[str, str] = {"Referer": "https://streamup.ws/"}

    def extract(self, link: Link) -> Steps[Stream]:
        """Ask for the page, then for what its script would ask for."""
        page = yield Get(link.url, referer=link.referer)
        root = page.join("/")
        session, sealed = _SESSION.search(page.text), _SEALED.search(page.text)
        if session and sealed and not self.recognises(page):  # else the two are somebody else's
            key = yield Get(f"{root}ajax/stream?session={session[1]}", referer=page.url)
            return parse_answer(unseal(sealed[1], key.text.strip()), root, self.name)
        code = _LINK.fullmatch(link.url)
        if code is None or "/ajax/stream" not in page.text:
            raise verdict(page, MARKS, self.name)
        answer = yield Get(f"{root}ajax/stream?filecode={code[1]}", referer=page.url)
        return parse_answer(answer.json(), root, self.name)

    def recognises(self, page: Page) -> bool:
        """Whether a page's script asks this software's interface."""
        return "/ajax/stream?filecode=" in page.text


@hookimpl
def register_providers() -> list[Provider]:
    """Offer StreamUp."""
    return [StreamUp()]
