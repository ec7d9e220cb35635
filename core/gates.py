"""Recognises pages that stand before the real one: gates and blocks. They are never solved."""

from __future__ import annotations

_GATES = (
    "Just a moment...",
    "cf-turnstile",
    "challenges.cloudflare.com",
    "cdn-cgi/challenge-platform/h/",  # its silent check, on pages that nothing stands before, is at /scripts/
    "cf_chl_",
    "cf-browser-verification",
    "altcha-widget",
    "hcaptcha",
    "g-recaptcha",
    "Stream wird vorbereitet",
    "episode-redirect-gate-root",
    "captcha-player",
)


def find_gate(text: str) -> str | None:
    """The first mark of a gate in a page's text.

    Ask only when what you wanted is missing: playable pages carry such scripts too.
    """
    return next((mark for mark in _GATES if mark in text), None)
