"""Tries hosts by hand, on mirrors of followed episodes: no address of a host is ever stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ..acquire.probe import Probed, probe
from ..app import App
from ..driver import drive
from ..errors import ConfigError, Gone, SourceError
from ..hooks import Provider
from ..models import Mirror
from ..store import shelf
from ..store.sessions import get_db_session

MOST_PAGES = 5
"""Episode pages to read in search of mirrors; a site that fails is not asked for another."""


async def try_hosts(
    app: App, wanted: Collection[Provider], hear: Callable[[Provider, Probed | str], None]
) -> None:
    """Probe one mirror of each host; `hear` is told what was found, or why there was nothing to probe.

    Neither a rest nor its end follows from this, of a host or of a site, and no rest stands in its way:
    it is a look, not an attempt.
    """
    missing, shut, pages = {provider.name for provider in wanted}, dict[str, str](), 0
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session)
    for row in sorted(rows, key=lambda row: row.episode.is_downloaded):
        if not missing or pages == MOST_PAGES:
            break
        if row.series.site in shut:
            continue
        pages += 1
        visit = app.network.visit()
        try:
            catalogue = app.plugins.catalogue(row.series.site)
            steps = catalogue.mirrors(row.series.key, row.number)
            mirrors = await drive(steps, visit.page)
        except Gone:
            continue
        except (SourceError, ConfigError) as error:
            shut[row.series.site] = str(error)
            continue
        for provider in wanted:
            if provider.name in missing and (mirror := _mirror(app, mirrors, provider)) is not None:
                missing.discard(provider.name)
                try:
                    link = await drive(catalogue.resolve(mirror), visit.page)
                except SourceError as error:
                    hear(provider, f"{catalogue.name} gives no link: {error}")
                    continue
                most = app.settings.downloads.most_height
                found = await probe(
                    link.url, app.plugins, app.network, most, provider.name, referer=link.referer
                )
                hear(provider, found)
    for provider in wanted:
        if provider.name in missing:
            why = "; ".join(f"{site} gives no mirrors: {said}" for site, said in shut.items())
            hear(provider, f"{why or 'no followed episode has a mirror there'}; name one with --url")


def _mirror(app: App, mirrors: Sequence[Mirror], provider: Provider) -> Mirror | None:
    return next((one for one in mirrors if app.plugins.provider_for(one.provider) is provider), None)
