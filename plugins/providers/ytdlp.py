"""yt-dlp, the last resort: sites that show their videos openly and that it has extractors for.

Nothing is asked here: yt-dlp reads the page itself, when the core tries it. Only sites whose pages an
extractor of their own takes are listed; Sibnet is not, which yt-dlp finds only inside other pages, by
its generic extractor. Checked against yt-dlp 2026.10.26.
"""

from __future__ import annotations

from collections.abc import Mapping

from anidana.core import Blocked, Link, Provider, Steps, Stream, hookimpl


class YtDlp:
    """A few large video sites, by way of yt-dlp."""

    name = "yt-dlp"
    labels = ("OK.ru", "Odnoklassniki", "Dailymotion", "VK", "Rutube", "Mail.ru", "Streamable")
    domains = (
        *("ok.ru", "odnoklassniki.ru", "dailymotion.com", "dai.ly", "vk.com", "vkvideo.ru"),
        *("rutube.ru", "my.mail.ru", "streamable.com"),
    )
    headers: Mapping[str, str] = {}

    def extract(self, link: Link) -> Steps[Stream]:
        """Hand the page on as it is; Blocked for one of any other site, whatever its label said."""
        yield from ()
        if not any(link.host == domain or link.host.endswith(f".{domain}") for domain in self.domains):
            raise Blocked(f"{link.host or 'this'} is no site that is left to yt-dlp")
        return Stream.page(link.url)


@hookimpl
def register_providers() -> list[Provider]:
    """Offer yt-dlp."""
    return [YtDlp()]
