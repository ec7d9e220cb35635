"""Pages of the practice catalogue, in the layout that aniworld.to has in 2026."""

from __future__ import annotations

from itertools import groupby

from ...models import ENGLISH_SUB, GERMAN_DUB, GERMAN_SUB, Episode, Kind, Language, Number, Season
from ..faults import Faults
from ..story import LANGUAGE_KEYS, RELEASES, ROOT, STORIES, Story, episode_id, uploads_of
from .skeletons import Markup, fill, join

_FLAGS = {
    GERMAN_DUB: ("german.svg", "Deutsche Sprache, Flagge", "Deutsch/German", "Deutsch"),
    GERMAN_SUB: (
        "japanese-german.svg",
        "Deutsche Flagge, Untertitel, Flagge",
        "Mit deutschem Untertitel",
        "mit Untertitel Deutsch",
    ),
    ENGLISH_SUB: (
        "japanese-english.svg",
        "Englische Sprache, Flagge",
        "Englisch",
        "mit Untertitel Englisch",
    ),
}
"""File, alt text and title in a table, title on an episode's page; in the order of the pages."""

_FILM_ALT = {GERMAN_SUB: "Sprache, Englisch, Flagge", ENGLISH_SUB: "Flagge, Sprache Englisch"}
"""Film rows carry other alt texts, and wrong ones: only a flag's file name can be trusted."""

_MARKS = {GERMAN_DUB: "Ger", GERMAN_SUB: "GerSub", ENGLISH_SUB: "EngSub"}
_SUFFIXES = {Kind.MOVIE: " [Movie]", Kind.OVA: " [OVA]", Kind.SPECIAL: " [Special]"}


def path_of(story: Story, number: Number) -> str:
    """The path of an episode's page."""
    leaf = (
        f"staffel-{number.season}/episode-{number.episode}"
        if number.season
        else f"filme/film-{number.episode}"
    )
    return f"/anime/stream/{story.series.key}/{leaf}"


def english_title(episode: Episode) -> str:
    """The English title as the catalogue prints it: with absolute number or kind."""
    if episode.absolute is not None:
        return f"{episode.english_title} [Episode {episode.absolute:03d}]"
    return episode.english_title + _SUFFIXES.get(episode.kind, "")


def season_page(story: Story, season: Season, faults: Faults) -> Markup:
    """A season's page; a series' own page is that of its first season."""
    label = f"Staffel {season.number}" if season.number else "Alle Filme"
    rows = join([_row(story, episode, faults) for episode in season.episodes])
    table = fill(
        "aniworld_season.html",
        heading=f"Episoden der Staffel {season.number}" if season.number else "Alle Filme zur Serie",
        number=season.number,
        column="Folge" if season.number else "Film",
        rows=rows,
    )
    return _frame(f"{label} von {story.series.title}", _head(story, season, table))


def episode_page(story: Story, number: Number) -> Markup:
    """An episode's page; beyond the last episode it has no mirrors and no titles, as on the real site."""
    season = story.season(number.season) or Season(number.season, ())
    episode = story.episode(number) or Episode(number, "")
    languages = [language for language in _FLAGS if language in episode.languages]
    body = fill(
        "aniworld_episode.html",
        series=story.series.title,
        season=number.season,
        number=number.episode,
        count=len(season.episodes),
        id=episode_id(story, number),
        title=episode.title,
        english=english_title(episode),
        plot=story.plots.get(number, ""),
        languages=join([_language(language, chosen=language == languages[0]) for language in languages]),
        mirrors=join([_mirror(one.id, one.provider, one.language) for one in uploads_of(story, number)]),
    )
    place = f"Staffel {number.season}" if number.season else "Filme"
    return _frame(f"Episode {number.episode} {place} von {story.series.title}", _head(story, season, body))


def alphabet_page() -> Markup:
    """All titles, A to Z, with their alternative titles."""
    stories = sorted(STORIES, key=lambda story: story.series.title)
    groups = [
        fill("aniworld_letter.html", letter=letter, titles=join([_title(story) for story in group]))
        for letter, group in groupby(stories, key=lambda story: story.series.title[0])
    ]
    return _frame("Alle Animes", fill("aniworld_alphabet.html", groups=join(groups)))


def feed_page() -> Markup:
    """What is new, one row per language."""
    rows = [
        fill(
            "aniworld_feed_row.html",
            path=path_of(story, number),
            title=story.series.title,
            number=f"S{number.season:02d} E{number.episode:02d}",
            day=f"{day:%d.%m.%Y}",
            flag=_FLAGS[language][0],
            alt=_FLAGS[language][1],
        )
        for story, number, language, day in RELEASES
    ]
    return _frame("Neue Episoden", fill("aniworld_feed.html", rows=join(rows)))


def not_found_page() -> Markup:
    """What the site says, with status 200, where it has nothing."""
    return _frame("Nicht gefunden", fill("aniworld_not_found.html"))


def gate_page() -> Markup:
    """The gate that stands before links, at times before everything."""
    return fill("aniworld_gate.html")


def _frame(title: str, content: Markup) -> Markup:
    return fill("aniworld_frame.html", title=title, content=content)


def _head(story: Story, season: Season, body: Markup) -> Markup:
    series = story.series
    return fill(
        "aniworld_head.html",
        title=series.title,
        alternatives=", ".join(series.alternative_titles),
        url=series.url,
        cover=(series.cover or "").removeprefix(ROOT),
        backdrop=(series.backdrop or "").removeprefix(ROOT),
        year=series.year,
        end=_end(series.end_year),
        fsk=series.fsk,
        imdb=series.imdb or "",
        description=series.description,
        excerpt=series.description[:60],
        directors=_people("director", "regisseur", series.directors),
        actors=_people("actor", "schauspieler", series.actors),
        studios=_people("creator", "produzent", series.studios),
        countries=_people("countryOfOrigin", "aus", series.countries, kind="Country"),
        main_genre=series.genres[0].lower(),
        genres=join([_genre(name) for name in (*series.genres, *_marks(story))]),
        id=story.id,
        rating=f"{series.rating or 0:g}",
        rating_count=series.rating_count or 0,
        season_links=join([_season_link(story, one.number, season.number) for one in story.seasons]),
        shortcut_label="Episoden" if season.number else "Filme",
        shortcuts=join([_shortcut(story, episode) for episode in season.episodes]),
        season_count=len(story.seasons),
        body=body,
    )


def _end(year: int | None) -> Markup:
    if year is None:
        return Markup("Heute")
    return Markup(f'<a href="{ROOT}/animes/jahr/{year}">{year}</a>')


def _people(role: str, path: str, names: tuple[str, ...], *, kind: str = "Person") -> Markup:
    return join(
        [
            fill(
                "aniworld_person.html",
                role=role,
                type=kind,
                path=f"{path}/{name.lower().replace(' ', '-')}",
                name=name,
            )
            for name in names
        ]
    )


def _marks(story: Story) -> list[str]:
    """Languages, which the site lists among the genres."""
    return [
        mark for language, mark in _MARKS.items() if any(language in one.languages for one in story.episodes)
    ]


def _genre(name: str) -> Markup:
    slug = name.lower().replace(" ", "-")
    return Markup(
        f'<li><a href="/genre/{slug}" class="genreButton clearbutton" itemprop="genre">{name}</a></li>'
    )


def _season_link(story: Story, number: int, active: int) -> Markup:
    mark = 'class="active" ' if number == active else ""
    leaf, title, text = (
        (f"staffel-{number}", f"Staffel {number}", str(number))
        if number
        else ("filme", "Alle Filme", "Filme")
    )
    href = f"/anime/stream/{story.series.key}/{leaf}"
    return Markup(f'        <li>  <a {mark}href="{href}" title="{title}">{text}</a>  </li>')


def _shortcut(story: Story, episode: Episode) -> Markup:
    number = episode.number
    title = f"Staffel {number.season} Episode {number.episode}" if number.season else f"Film {number.episode}"
    return Markup(
        f'        <li>  <a  href="{path_of(story, number)}" data-episode-id="{episode_id(story, number)}"'
        f' title="{title}" data-season-id="{number.season}">{number.episode}</a>  </li>'
    )


def _row(story: Story, episode: Episode, faults: Faults) -> Markup:
    film = episode.number.season == 0
    english = english_title(episode)
    shown = tuple(_FLAGS) if faults.flags_everywhere else episode.languages
    values = {
        "id": episode_id(story, episode.number),
        "number": episode.number.episode,
        "path": path_of(story, episode.number),
        "title": episode.title,
        "hosts": Markup("".join(f'<i class="icon {name}" title="{name}"></i>' for name in episode.providers)),
        "flags": Markup("   ".join(_flag(language, film=film) for language in _FLAGS if language in shown)),
    }
    if not film:
        return fill("aniworld_row.html", season=episode.number.season, english=english, **values)
    # Film rows escape apostrophes twice, and have no dash where there is no German title.
    return fill(
        "aniworld_film_row.html",
        english=english.replace("'", "&#039;"),
        dash="- " if episode.title else "",
        **values,
    )


def _flag(language: Language, *, film: bool) -> str:
    file, alt, title, _ = _FLAGS[language]
    alt = _FILM_ALT.get(language, alt) if film else alt
    return f'<img class="flag" src="/public/img/{file}" alt="{alt}" title="{title}">'


def _language(language: Language, *, chosen: bool) -> Markup:
    file, alt, _, title = _FLAGS[language]
    mark = ' class="selectedLanguage"' if chosen else ""
    return Markup(
        f'<img src="/public/img/{file}" alt="{alt}"{mark}'
        f' data-lang-key="{LANGUAGE_KEYS[language]}" title="{title}">'
    )


def _mirror(link: int, host: str, language: Language) -> Markup:
    inline = Markup(' class="generateInlinePlayer"') if host in ("VOE", "Doodstream") else Markup("")
    return fill(
        "aniworld_mirror.html", link=link, host=host, language=LANGUAGE_KEYS[language], wrapper=inline
    )


def _title(story: Story) -> Markup:
    names = ", ".join(f'"{name}"' for name in story.series.alternative_titles)
    return fill(
        "aniworld_title.html",
        alternatives=names,
        path=f"/anime/stream/{story.series.key}",
        title=story.series.title,
    )
