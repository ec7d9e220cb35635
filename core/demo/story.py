"""What the practice catalogue lists: four invented series, in the words of the house.

`SHELF` is the one to follow. Its languages differ per episode, one episode has no German title,
one mirror's host is unknown, its last film is a special with an apostrophe. `LOST` shares words
with it and has an announced episode; `OBSERVATORY` has a film and no season; each episode of `PARADE`
is at one host alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from ..loader import DEFAULT_PROVIDERS
from ..models import (
    ENGLISH_SUB,
    GERMAN_DUB,
    GERMAN_SUB,
    Episode,
    Kind,
    Language,
    Number,
    Season,
    Series,
)

ROOT = "https://aniworld.to"
HOSTS = ("VOE", "Doodstream", "Vidmoly")
LANGUAGE_KEYS = {GERMAN_DUB: 1, ENGLISH_SUB: 2, GERMAN_SUB: 3}
"""The catalogue's own numbers of languages, in the order in which its pages list mirrors."""

_ALL = (GERMAN_DUB, GERMAN_SUB, ENGLISH_SUB)


@dataclass(frozen=True, slots=True)
class Story:
    """A series with everything the catalogue and the metadata API say about it.

    `id` is the catalogue's, `tmdb` the metadata API's number, None where it does not know the series.
    """

    id: int
    series: Series
    seasons: tuple[Season, ...]
    english_title: str
    english_description: str
    tmdb: int | None = None
    plots: Mapping[Number, str] = field(default_factory=dict)

    @property
    def episodes(self) -> tuple[Episode, ...]:
        """All entries, films and specials first."""
        return tuple(episode for season in self.seasons for episode in season.episodes)

    def season(self, number: int) -> Season | None:
        """One season, None if there is none of that number."""
        return next((season for season in self.seasons if season.number == number), None)

    def episode(self, number: Number) -> Episode | None:
        """One entry, None if there is none of that number."""
        return next((episode for episode in self.episodes if episode.number == number), None)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file at one host: what a mirror of the catalogue leads to.

    `id` stands in the catalogue's link, `code` in the host's.
    """

    id: int
    provider: str
    story: Story
    episode: Episode
    language: Language
    code: str


def _picture(key: str, kind: str, size: str) -> str:
    return f"{ROOT}/public/img/cover/{key}-stream-{kind}-practice_{size}.jpg"


def _series(key: str, title: str, **more: Any) -> Series:
    return Series(
        catalogue="aniworld",
        key=key,
        title=title,
        url=f"{ROOT}/anime/stream/{key}",
        cover=_picture(key, "cover", "220x330"),
        backdrop=_picture(key, "backdrop", "800x300"),
        **more,
    )


def _entry(
    season: int,
    episode: int,
    title: str,
    english: str,
    languages: tuple[Language, ...],
    *,
    absolute: int | None = None,
    kind: Kind = Kind.EPISODE,
    hosts: tuple[str, ...] = HOSTS,
) -> Episode:
    return Episode(
        number=Number(season, episode),
        title=title,
        english_title=english,
        kind=kind,
        absolute=absolute,
        languages=languages,
        providers=hosts if languages else (),
    )


SHELF = Story(
    id=9001,
    series=_series(
        "das-regal-am-ende-der-welt",
        "Das Regal am Ende der Welt",
        seasons=(0, 1, 2),
        alternative_titles=("The Shelf at the End of the World", "Sekai no Hate no Tana", "世界の果ての棚"),
        year=2024,
        end_year=2025,
        description=(
            "Am letzten Kap vor dem Nebel steht ein Leuchtturm, in dem nie ein Licht brannte: Er ist bis"
            " unters Dach voll Regale. Lehrmädchen Tana soll dort jedes Buch an seinen Platz stellen."
            "\n\nDoch jede Nacht steht eine Lücke mehr im Regal, und am Morgen weiß niemand im Dorf, was"
            " darin gestanden hat. Tana & ihr Kater »Index« beginnen, die Lücken zu zählen."
        ),
        genres=("Abenteuer", "Fantasy", "Slice of Life"),
        fsk=6,
        imdb="tt99002401",
        directors=("Mio Kazahaya",),
        actors=("Rin Asagiri", "Juna Tachibana", "Götz Ährenfeld"),
        studios=("Studio Tanabata",),
        countries=("Japan",),
        rating=4.0,
        rating_count=812,
    ),
    seasons=(
        Season(
            0,
            (
                _entry(
                    0,
                    1,
                    "Die Nacht der tausend Bände",
                    "The Night of a Thousand Volumes",
                    _ALL,
                    kind=Kind.MOVIE,
                ),
                _entry(0, 2, "", "Tana's Dusting Day", (GERMAN_SUB,), kind=Kind.SPECIAL),
            ),
        ),
        Season(
            1,
            (
                _entry(1, 1, "Der leere Platz", "The Empty Place", _ALL, absolute=1),
                _entry(
                    1,
                    2,
                    "Ein Buch, das niemand schrieb",
                    "A Book Nobody Wrote",
                    _ALL,
                    absolute=2,
                    hosts=(*HOSTS, "Veev"),
                ),
                _entry(1, 3, "Wer hat die Leiter?", "Index's Ladder", (GERMAN_SUB, ENGLISH_SUB), absolute=3),
            ),
        ),
        Season(
            2,
            (
                _entry(2, 1, "Flut im Archiv", "Flood in the Archive", (GERMAN_DUB, GERMAN_SUB), absolute=4),
                _entry(2, 2, "", "The Last Card", (ENGLISH_SUB,), absolute=5),
            ),
        ),
    ),
    english_title="The Shelf at the End of the World",
    english_description=(
        "A lighthouse that never shone is full of shelves. Every night one more book is missing from"
        " them, and in the morning nobody remembers what it was."
    ),
    tmdb=990240,
    plots={
        Number(0, 1): "In einer einzigen Nacht wollen tausend Bände zurück an ihren Platz.",
        Number(0, 2): "Einmal im Jahr wird Staub gewischt. Der Staub wehrt sich.",
        Number(1, 1): "Tana kommt im Leuchtturm an und findet eine Lücke, die gestern noch keine war.",
        Number(1, 2): "Ein Buch ohne Verfasser liegt im Regal – und es handelt von morgen.",
        Number(1, 3): "Ohne Leiter kein oberstes Fach. Index weiß etwas und schweigt.",
        Number(2, 1): "Das Meer steht im Keller, und mit ihm steigt das Vergessen.",
        Number(2, 2): "Im Zettelkasten steckt noch eine einzige Karte.",
    },
)

LOST = Story(
    id=9002,
    series=_series(
        "das-regal-der-verlorenen-dinge",
        "Das Regal der verlorenen Dinge",
        seasons=(1,),
        alternative_titles=("The Shelf of Lost Things", "Wasuremono no Tana"),
        year=2019,
        end_year=None,
        description="Im Fundbüro von Kreuzhafen wartet jedes Ding auf den Menschen, der es verlor.",
        genres=("Drama", "Mystery"),
        fsk=12,
        directors=("Sora Minami",),
        countries=("Japan",),
        rating=3.0,
        rating_count=57,
    ),
    seasons=(
        Season(
            1,
            (
                _entry(1, 1, "Ein Handschuh", "One Glove", _ALL, absolute=1),
                _entry(1, 2, "", "Two Keys", (), absolute=2),
            ),
        ),
    ),
    english_title="The Shelf of Lost Things",
    english_description="Everything in the lost-property office waits for the one who lost it.",
    tmdb=990190,
)

OBSERVATORY = Story(
    id=9003,
    series=_series(
        "minas-sternwarte",
        "Mina's Sternwarte & Söhne",
        seasons=(0,),
        alternative_titles=("Mina's Observatory & Sons",),
        year=2021,
        end_year=2021,
        description="Mina erbt eine Sternwarte ohne Dach.",
        genres=("Sci-Fi",),
        fsk=0,
        countries=("Japan",),
        rating=5.0,
        rating_count=9,
    ),
    seasons=(
        Season(
            0,
            (
                _entry(
                    0,
                    1,
                    "Mina's Sternwarte & Söhne",
                    "Mina's Observatory & Sons",
                    (GERMAN_DUB,),
                    kind=Kind.MOVIE,
                ),
            ),
        ),
    ),
    english_title="Mina's Observatory & Sons",
    english_description="Mina inherits an observatory without a roof.",
)

PARADE = Story(
    id=9004,
    series=_series(
        "parade-der-gastgeber",
        "Parade der Gastgeber",
        seasons=(1,),
        alternative_titles=("Parade of the Hosts",),
        year=2022,
        end_year=2022,
        description="Jeden Abend zieht ein anderes Haus die Fahne hoch und zeigt seinen Film.",
        genres=("Comedy",),
        fsk=0,
        countries=("Japan",),
        rating=3.0,
        rating_count=26,
    ),
    seasons=(
        Season(
            1,
            tuple(
                _entry(1, number, f"Zu Gast bei {host}", f"A Night at {host}", (GERMAN_DUB,), hosts=(host,))
                for number, host in enumerate(DEFAULT_PROVIDERS, 1)
            ),
        ),
    ),
    english_title="Parade of the Hosts",
    english_description="Every night another house hoists its flag and shows its film.",
)

STORIES = (SHELF, LOST, OBSERVATORY, PARADE)


RELEASES = tuple(
    (story, episode.number, language, date(2026, 11, 24 - 2 * place))
    for place, story in enumerate((OBSERVATORY, LOST, SHELF))
    for episode in reversed(story.episodes)
    for language in episode.languages
)
"""What has come, newest first: an entry for each language of an episode."""


def found_in(keyword: str) -> tuple[Story, ...]:
    """The stories with these words in one of their titles."""
    words = keyword.strip().lower()
    return tuple(
        story
        for story in STORIES
        if words
        and any(words in name.lower() for name in (story.series.title, *story.series.alternative_titles))
    )


def story_of(key: str) -> Story | None:
    """The story behind a catalogue's key, None if it has no such series."""
    return next((story for story in STORIES if story.series.key == key), None)


def episode_id(story: Story, number: Number) -> int:
    """The catalogue's site-wide number of an episode."""
    return story.id * 1000 + number.season * 100 + number.episode


def stable(*parts: object, length: int = 12, alphabet: str = "0123456789abcdefghijklmnopqrstuvwxyz") -> str:
    """Letters that look random and are always the same for the same parts."""
    value = int.from_bytes(sha256("/".join(map(str, parts)).encode()).digest() * 2)
    letters = []
    for _ in range(length):
        value, rest = divmod(value, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def _uploads() -> tuple[Upload, ...]:
    return tuple(
        Upload(
            id=episode_id(story, episode.number) * 100 + 10 * place + LANGUAGE_KEYS[language],
            provider=provider,
            story=story,
            episode=episode,
            language=language,
            code=stable(provider, story.series.key, episode.number, language),
        )
        for story in STORIES
        for episode in story.episodes
        for language in LANGUAGE_KEYS
        if language in episode.languages
        for place, provider in enumerate(episode.providers)
    )


UPLOADS = _uploads()
"""Every mirror, in the order in which the catalogue lists them."""

_BY_CODE = {upload.code: upload for upload in UPLOADS}
_BY_ID = {upload.id: upload for upload in UPLOADS}
_CODE = re.compile(r"(?<![0-9a-z])[0-9a-z]{12}(?![0-9a-z])")


def upload_by_id(link: int) -> Upload | None:
    """The file behind the catalogue's `/redirect/<link>`."""
    return _BY_ID.get(link)


def upload_in(path: str, provider: str) -> Upload | None:
    """The file that a path at a host names, None if it names none of this host."""
    found = (_BY_CODE.get(code) for code in _CODE.findall(path))
    return next((upload for upload in found if upload and upload.provider == provider), None)


def uploads_of(story: Story, number: Number) -> tuple[Upload, ...]:
    """The mirrors of one episode, as the catalogue lists them."""
    return tuple(one for one in UPLOADS if one.story is story and one.episode.number == number)
