"""Pages of the XFileSharing family on which nothing says why there is no stream."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anidana.core import Gone, NeedsPerson, PageChanged
from anidana.core.testkit import Answer, Recording, read_recordings, replay
from anidana.plugins.providers.dropload import DropLoad
from anidana.plugins.providers.supervideo import SuperVideo

RECORDED = Path(__file__).parent / "recorded"
SILENT_CHECK = "<script>a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js';</script>"
EMBED = "https://supervideo.cc/e/abcdefgh1234"
WATCH = "https://supervideo.cc/abcdefgh1234"
FORM = '<form method="POST" action="/dl" id="F1"><input type="hidden" name="op" value="embed">{}</form>'
PLAYS = 'jwplayer("v").setup({sources:[{file:"https://cdn.example/a.m3u8"}]})'


def recorded(host: str, name: str) -> str:
    cases = read_recordings(RECORDED / host)
    return next(case for case in cases if case.name == name).answers[-1].text


def test_a_recorded_embed_page_without_its_film_sends_us_to_the_watch_page() -> None:
    embed = re.sub(r"eval\(.*", "", recorded("supervideo", "2025-08-embed-only"))
    assert "challenge-platform/scripts/jsd" in embed
    watch = recorded("supervideo", "2025-06-deleted")
    with pytest.raises(Gone):
        replay(SuperVideo(), Recording("empty", EMBED, (Answer(EMBED, embed), Answer(WATCH, watch))))


def test_a_page_that_plays_is_believed_whatever_it_hides() -> None:
    page = Answer(WATCH, f"{PLAYS}<p hidden>This video can be watched as embed only</p>")
    assert replay(SuperVideo(), Recording("plays", WATCH, (page,))).url == "https://cdn.example/a.m3u8"


def test_cloudflares_silent_check_is_no_gate() -> None:
    page = f"<title>Dropload - Revolution Video Hosting</title>{SILENT_CHECK}"
    with pytest.raises(PageChanged):
        replay(DropLoad(), Recording("changed", WATCH, (Answer(WATCH, page),)))
    gate = page.replace("scripts/jsd/main.js", "h/b/orchestrate/chl_page/v1")
    with pytest.raises(NeedsPerson):
        replay(DropLoad(), Recording("gate", WATCH, (Answer(WATCH, gate),)))


def test_a_form_before_the_player_is_sent_but_not_one_with_a_captcha() -> None:
    form = Answer(WATCH, FORM.format("") + SILENT_CHECK)
    answer = Answer("https://supervideo.cc/dl", PLAYS, method="POST")
    assert replay(DropLoad(), Recording("form", WATCH, (form, answer))).url == "https://cdn.example/a.m3u8"
    gate = Answer(WATCH, FORM.format('<div class="cf-turnstile"></div>'))
    with pytest.raises(NeedsPerson):
        replay(DropLoad(), Recording("gate", WATCH, (gate, answer)))
