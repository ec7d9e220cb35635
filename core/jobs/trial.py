"""Tries hosts by hand, on mirrors of followed episodes: no address of a host is ever stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ..acquire.probe import Probed, probe
from ..app import App
from ..driver import drive
from ..errors import SourceError
from ..hooks import Provider
from ..models import Mirror
from ..store import shelf
from ..store.sessions import get_db_session

MOST_PAGES = 5
"""Episode pages to read in search of mirrors."""


async def try_hosts(
    app: App, wanted: Collection[Provider], hear: Callable[[Provider, Probed | str], None]
) -> None:
    """Probe one mirror of each host; `hear` is told what was found, or why there was nothing to probe.

    Neither a rest nor its end follows from this, of a host or of a site, and no rest stands in its way:
    it is a look, not an attempt.
    """
    missing = {provider.name for provider in wanted}
    why = "no followed episode has a mirror there; name one with --url"
    async with get_db_session(read_only=True) as session:
        rows = await shelf.episodes(session)
    for row in sorted(rows, key=lambda row: row.episode.is_downloaded)[:MOST_PAGES]:
        if not missing:
            return
        catalogue, visit = app.plugins.catalogue(row.series.site), app.network.visit()
        try:
            mirrors = await drive(catalogue.mirrors(row.series.key, row.number), visit.page)
        except SourceError as error:
            why = f"{catalogue.name} lists no mirrors: {error}"
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
            hear(provider, why)


def _mirror(app: App, mirrors: Sequence[Mirror], provider: Provider) -> Mirror | None:
    return next((one for one in mirrors if app.plugins.provider_for(one.provider) is provider), None)
