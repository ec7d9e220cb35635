"""Pages of the second practice catalogue, in the layout that serienstream.to has in 2026."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from ...models import GERMAN_DUB, GERMAN_SUB, Episode, Language, Number, Season
from ..story import RELEASES, Story, Upload, episode_id
from .catalogue_pages import english_title
from .skeletons import Markup, fill, join

LANGUAGES = {GERMAN_DUB: (1, "Deutsch", "german"), GERMAN_SUB: (3, "Ger-Sub", "japanese-german")}
"""Number, label and flag of what this site offers: no English subtitles."""

UNNAMED = "Vidmoly"
"""A host that this site does not name: it is known only by where the link leads."""


def path_of(story: Story, number: Number | None = None) -> str:
    """The path of a series, or of an episode's page; films are season 0."""
    leaf = f"/staffel-{number.season}/episode-{number.episode}" if number else ""
    return f"/serie/{story.series.key}{leaf}"


def season_page(story: Story, season: Season) -> Markup:
    """A season's page; a series' own page is that of its first season."""
    series = story.series
    heading = f"Staffel {season.number}" if season.number else "Filme"
    content = fill(
        "serienstream_season.html",
        path=path_of(story),
        title=series.title,
        cover=_picture(story, "channel"),
        backdrop=_picture(story, "backdrop"),
        year=series.year,
        end=_end(series.end_year),
        fsk=series.fsk,
        imdb=series.imdb or "",
        id=story.id,
        description=series.description,
        groups=join(
            [
                _group("Regisseur", "regisseur", series.directors),
                _group("Produzent", "produzent", series.studios),
                _group("Besetzung", "schauspieler", series.actors),
                _group("Land", "land", series.countries),
                _group("Genre", "genre", series.genres),
            ]
        ),
        rating_count=series.rating_count or 0,
        navigation=_navigation(story, season),
        heading=heading,
        rows=join([_row(story, episode) for episode in season.episodes]),
    )
    return _frame(f"{series.title} {heading}", content, f"{path_of(story)}/staffel-{season.number}")


def episode_page(story: Story, episode: Episode, links: Sequence[tuple[Upload, str]]) -> Markup:
    """An episode's page; each upload comes with the token of this showing."""
    groups = [
        _language_links(language, list(group))
        for language, group in groupby(links, key=lambda link: link[0].language)
    ]
    content = fill(
        "serienstream_episode.html",
        series=story.series.title,
        number=episode.number,
        title=episode.title,
        english=english_title(episode),
        id=episode_id(story, episode.number),
        plot=story.plots.get(episode.number, ""),
        player=_player(links[0][1]) if links else "",
        links=join(groups),
        navigation=_navigation(
            story, story.season(episode.number.season) or Season(episode.number.season, ())
        ),
    )
    return _frame(f"{story.series.title} {episode.number}", content, path_of(story, episode.number))


def feed_page() -> Markup:
    """What is new, one row per language."""
    rows = [
        fill(
            "serienstream_feed_row.html",
            path=path_of(story, number),
            title=story.series.title,
            number=number,
            flag=_flag(language),
        )
        for story, number, language, _ in RELEASES
        if language in LANGUAGES
    ]
    return _frame("Neue Episoden", fill("serienstream_feed.html", rows=join(rows)), "/neue-episoden")


def search_page(stories: Sequence[Story]) -> Markup:
    """The search page."""
    cards = [
        fill(
            "serienstream_card.html",
            path=path_of(story),
            cover=_picture(story, "channel"),
            title=story.series.title,
        )
        for story in stories
    ]
    return _frame("Suche", fill("serienstream_search.html", cards=join(cards)), "/suche")


def not_found_page() -> Markup:
    """What the site says, with status 404, where it has nothing."""
    return _frame("Nicht gefunden", Markup("<h1>404</h1>"), "/")


def gate_page() -> Markup:
    """The gate that stands before links, at times before everything."""
    return fill("serienstream_gate.html")


def _frame(title: str, content: Markup, path: str) -> Markup:
    return fill("serienstream_frame.html", title=title, content=content, canonical=path)


def _picture(story: Story, kind: str) -> str:
    return f"/media/images/{kind}/desktop/{story.series.key}-practice?format=jpg"


def _end(year: int | None) -> Markup:
    if year is None:
        return Markup('<span class="small text-muted">NA</span>')
    return Markup(f'<a class="small text-muted" href="/jahr/{year}">{year}</a>')


def _group(label: str, path: str, names: tuple[str, ...]) -> Markup:
    links = ", ".join(
        f'<a href="/{path}/{name.lower().replace(" ", "-")}" class="link-light">{escape(name)}</a>'
        for name in names
    )
    return Markup(f' <li class="series-group"><strong class="me-1">{label}:</strong> {links}</li>')


def _navigation(story: Story, shown: Season) -> Markup:
    base = path_of(story)
    seasons = [
        Markup(
            f' <li class="nav-item"><a href="{base}/staffel-{one.number}" class="alphabet-link nav-link"'
            f' data-season-pill="{one.number}"> {one.number or "Filme"} </a></li>'
        )
        for one in story.seasons
    ]
    episodes = [
        Markup(
            f' <li class="nav-item"><a href="{path_of(story, one.number)}"'
            f' class=" alphabet-link nav-link ">{one.number.episode}</a></li>'
        )
        for one in shown.episodes
    ]
    return fill("serienstream_navigation.html", seasons=join(seasons), episodes=join(episodes))


def _row(story: Story, episode: Episode) -> Markup:
    offered = [language for language in LANGUAGES if language in episode.languages]
    hosts = [host for host in episode.providers if offered and host != UNNAMED]
    return fill(
        "serienstream_row.html",
        mark="" if offered else "upcoming",
        path=path_of(story, episode.number),
        number=episode.number.episode,
        title=episode.title,
        english=english_title(episode),
        hosts=join(
            [Markup(f'<img src="/x.svg" alt="{host}" title="{host}" class="watch-link">') for host in hosts]
        ),
        flags=join([_flag(language) for language in offered]),
    )


def _flag(language: Language) -> Markup:
    code = LANGUAGES[language][2]
    return Markup(
        f' <svg class="watch-language large svg-flag-{code}" width="44" height="32">'
        f'<use href="#icon-flag-{code}"></use></svg>'
    )


def _player(token: str) -> Markup:
    return Markup(f'<iframe id="player-iframe" name="player-iframe" src="/r?t={token}%3D%3D"></iframe>')


def _language_links(language: Language, links: list[tuple[Upload, str]]) -> Markup:
    key, label, flag = LANGUAGES[language]
    heading = Markup(f' <div class="col-12"><h5 class="h6 mt-2 ms-1 text-muted">\n {label}\n </h5></div>')
    buttons = [
        fill(
            "serienstream_link.html",
            id=upload.id,
            url=f"/r?t={token}%3D%3D",
            embed=int(upload.provider == "VOE"),
            host="Provider" if upload.provider == UNNAMED else upload.provider,
            shown="Anbieter" if upload.provider == UNNAMED else upload.provider,
            label=label,
            key=key,
            flag=flag,
        )
        for upload, token in links
    ]
    return join([heading, *buttons])
