"""Doodstream: tickets, random ends, the way over the landing page."""

from __future__ import annotations

from pathlib import Path

import pytest

from anidana.core import Gone, Link, NeedsPerson, Page, PageChanged
from anidana.core.testkit import Answer, Recording, read_recordings, replay
from anidana.plugins.providers.doodstream import Doodstream, parse

CASES = {case.name: case for case in read_recordings(Path(__file__).parent / "recorded" / "doodstream")}
EMBED = "https://dood.example/e/abcdefgh1234"
LANDING = "https://dood.example/d/abcdefgh1234"
TICKET = "https://dood.example/pass_md5/1-50-99-17-aa/tokentokentoken"
PLAYER = "$.get('/pass_md5/1-50-99-17-aa/tokentokentoken', function(data) { src: data + makePlay() });"
HIDDEN = (
    '<div class="d-none"><h1>Not Found</h1></div><script src="//challenges.cloudflare.com/t.js"></script>'
)
BODY = "https://cdn.example/abc/def~"


def player(case: str) -> Page:
    return CASES[case].answers[0].page()


def play(*answers: Answer, link: str = EMBED) -> str:
    return replay(Doodstream(), Recording("case", link, answers)).url


def test_the_random_end_and_the_clock_are_arguments() -> None:
    stream = parse(player("2025-10-suffix"), BODY, suffix="0123456789", now=1759848086.5)
    assert stream.url == f"{BODY}0123456789?token=aej8q7ajug1gt0nd4lbs8zgd&expiry=1759848086500"
    assert stream.headers == {"Referer": "http://dood.to/"}
    assert stream.kind == "file"


def test_two_streams_have_different_ends() -> None:
    page = player("2025-10-suffix")
    assert parse(page, BODY, now=0).url != parse(page, BODY, now=0).url


def test_a_signed_address_is_left_as_it_is() -> None:
    signed = "https://x.r2.cloudflarestorage.com/a?X-Amz-Signature=845e"
    assert parse(player("2025-07-r2-no-suffix"), f"{signed}\n").url == signed
    assert parse(player("2025-10-suffix"), signed).url == signed


@pytest.mark.parametrize("answer", ["", "RELOAD", "<html>busy</html>", "javascript:alert(1)"])
def test_an_answer_without_an_address_is_a_changed_page(answer: str) -> None:
    with pytest.raises(PageChanged):
        parse(player("2025-10-suffix"), answer)


@pytest.mark.parametrize("link", [EMBED, LANDING])
def test_either_link_is_tried_as_embed_first(link: str) -> None:
    assert play(Answer(EMBED, HIDDEN + PLAYER), Answer(TICKET, BODY), link=link).startswith(BODY)


def test_the_ticket_is_redeemed_where_redirects_led_with_the_page_as_referer() -> None:
    steps = Doodstream().extract(Link(EMBED, "https://catalogue.example/"))
    assert next(steps).referer == "https://catalogue.example/"
    request = steps.send(Page("https://moved.example/e/abcdefgh1234", 200, PLAYER))
    assert request.url == TICKET.replace("dood.example", "moved.example")
    assert request.referer == "https://moved.example/e/abcdefgh1234"


def test_a_refused_ticket_is_fetched_afresh_once() -> None:
    again = (Answer(EMBED, PLAYER), Answer(TICKET, "RELOAD"), Answer(EMBED, PLAYER), Answer(TICKET, BODY))
    assert play(*again).startswith(BODY)
    with pytest.raises(NeedsPerson) as caught:
        play(*again[:3], Answer(TICKET, "RELOAD"))
    assert caught.value.url == EMBED


@pytest.mark.parametrize(
    "first", [Answer(EMBED, HIDDEN.split("<script")[0]), Answer(EMBED, "Just a moment...", 403)]
)
def test_without_a_ticket_the_landing_page_is_the_way(first: Answer) -> None:
    framed = "https://other.example/e/abcdefgh1234"
    landing = Answer(LANDING, f'<iframe width="1" src="{framed}"></iframe>')
    ticket = TICKET.replace("dood.example", "other.example")
    assert play(first, landing, Answer(framed, PLAYER), Answer(ticket, BODY)).startswith(BODY)
    # Without a frame, the embed page is asked for once more, now with the landing page as referer.
    assert play(first, Answer(LANDING), Answer(EMBED, PLAYER), Answer(TICKET, BODY)).startswith(BODY)


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ("<title>Video not found | DoodStream</title>", Gone),
        ("<h1>Oops! Sorry</h1>", Gone),
        ('<iframe src="/e/"></iframe>', Gone),
        ("$.get('/dood?op=validate&gc_response='+response)", NeedsPerson),
        ("<title>Just a moment...</title>", NeedsPerson),
    ],
)
def test_says_why_there_is_no_stream_and_asks_no_further(says: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        play(Answer(EMBED, says))


def test_a_hidden_not_found_alone_does_not_bury_a_file() -> None:
    page = HIDDEN.split("<script")[0]
    with pytest.raises(PageChanged):
        play(Answer(EMBED, page), Answer(LANDING, page), Answer(EMBED, page))
