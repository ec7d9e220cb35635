"""What metadata and earlier files say of an episode is held against what a host sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from anidana.core import Access, Episode, Number, Series, SeriesFacts
from anidana.core.demo.story import SHELF
from anidana.core.errors import NoStream
from anidana.core.hooks import Known, Listed
from anidana.core.jobs.earlier import expected_seconds, expected_size
from anidana.core.models import GERMAN_DUB, GERMAN_SUB, EpisodeFacts
from anidana.core.settings import Downloads, MetadataSettings
from anidana.core.store.sessions import get_db_session
from anidana.core.store.tables import EpisodeFile

KEY = SHELF.series.key
ONE = Number(1, 1)


def file(size: int = 100, seconds: float = 1440.0) -> EpisodeFile:
    return EpisodeFile(episode_id=1, path="/x.mkv", language="de", provider="VOE", size=size, seconds=seconds)


def facts(minutes: int | None, number: Number = ONE) -> SeriesFacts:
    return SeriesFacts("it", "Show", episodes={number: EpisodeFacts(minutes=minutes)})


FILES = [(1, file(seconds=seconds)) for seconds in (1400, 1440, 3000)]


@pytest.mark.parametrize(
    ("number", "known", "files", "seconds"),
    [
        (ONE, facts(24), [], 1440),
        (ONE, facts(24), [(1, file(seconds=60))] * 3, 1440),
        (ONE, facts(None), FILES, 1440),
        (ONE, None, FILES, 1440),
        (Number(1, 2), facts(24), [], None),
        (ONE, None, FILES[:2], None),
        (ONE, None, [(2, file())] * 3, None),
        (Number(0, 1), facts(24, Number(0, 1)), FILES, None),
    ],
)
def test_metadata_know_the_length_else_three_files_of_the_series(
    number: Number, known: SeriesFacts | None, files: Any, seconds: float | None
) -> None:
    assert expected_seconds(number, known, 1, files) == seconds


def test_the_size_is_that_of_files_of_the_series_else_of_any() -> None:
    files = [(1, file(10)), (1, file(30)), (1, file(20)), (2, file(1000))]
    assert [expected_size(series, files) for series in (1, 2, 3)] == [20, 1000, 25]
    assert expected_size(1, []) == 0


class Source:
    """Knows that every episode of season 1 takes 24 minutes."""

    name = "it"

    async def describe(self, series: Series, episodes: Sequence[Episode], access: Access) -> Known:
        listed = [
            Listed(str(one.number), one.number, titles=(one.name,), facts=EpisodeFacts(minutes=24))
            for one in episodes
        ]
        return Known("1", SeriesFacts("it", series.title), tuple(listed))


def with_source(house: Any, **downloads: Any) -> Any:
    app = house.app
    chosen = app.settings.model_copy(
        update={
            "metadata": MetadataSettings.model_validate({"keys": {"it": "key"}}),
            "downloads": Downloads(**app.settings.downloads.model_dump() | downloads),
        }
    )
    return replace(
        house, app=replace(app, settings=chosen, plugins=replace(app.plugins, sources=(Source(),)))
    )


async def test_a_clip_in_place_of_the_episode_is_refused_at_every_host(house: Any) -> None:
    changed = with_source(house, keep_damaged=2)
    outcome = await changed.get(KEY, "S01E01")
    ((_, error),) = outcome.failed
    assert isinstance(error, NoStream) and "12 s where 1440 s are expected" in str(error)
    kept = list((house.app.staging() / "quarantine").iterdir())
    assert len(kept) == 2 and all("are expected" in path.name for path in kept)


async def test_nothing_damaged_is_kept_unless_the_owner_says_so(house: Any) -> None:
    await with_source(house).get(KEY, "S01E01")
    assert not (house.app.staging() / "quarantine").exists()


async def test_films_and_specials_are_as_long_as_they_are(house: Any) -> None:
    outcome = await with_source(house).get(KEY, "S00")
    assert outcome.done and outcome.failed == []


async def test_three_longer_episodes_speak_against_a_clip(house: Any) -> None:
    rows = await house.rows()
    async with get_db_session() as session:
        for number in [one for one in rows if one not in ("S01E01", "S01E02") and one[:3] != "S00"][:3]:
            one = file()
            one.episode_id = rows[number].episode.id
            session.add(one)
    ((_, error),) = (await house.get(KEY, "S01E01")).failed
    assert "are expected" in str(error)


class Relabelled:
    """A catalogue that lists what is subtitled as dubbed."""

    def __init__(self, catalogue: Any) -> None:
        self.catalogue = catalogue

    def __getattr__(self, name: str) -> Any:
        return getattr(self.catalogue, name)

    def mirrors(self, key: str, number: Number) -> Any:
        found = yield from self.catalogue.mirrors(key, number)
        return [replace(one, language=GERMAN_DUB) for one in found if one.language == GERMAN_SUB]


async def test_sound_of_another_language_than_promised_is_told_and_filed(
    house: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await house.get(KEY, "S01E01")
    assert "sound is tagged" not in caplog.text
    plugins = replace(house.app.plugins, catalogues=tuple(map(Relabelled, house.app.plugins.catalogues)))
    outcome = await replace(house, app=replace(house.app, plugins=plugins)).get(KEY, "S01E02")
    assert len(outcome.done) == 1
    assert "S01E02: German dub from VOE, but its sound is tagged jpn" in caplog.text
