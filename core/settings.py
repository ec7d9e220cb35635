"""One typed tree of settings, with the meaning and the default of each; `config` reads them."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from .models import Language
from .news import MediaServer as MediaServerValue


def _listed(value: object) -> object:
    """Let one variable hold a list: `de,ja+de`, or JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _language(value: object) -> object:
    return Language.parse(value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Languages = Annotated[
    tuple[Annotated[Language, BeforeValidator(_language)], ...], BeforeValidator(_listed), Field(min_length=1)
]


class Section(BaseModel):
    """A group of settings; a name that is not in it is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


Folder = Annotated[Path, AfterValidator(_absolute)]


class Naming(Section):
    """Templates of names; sub-folders are made by `/` in `season`, never by a title."""

    preset: Literal["jellyfin", "kodi", "predecessor"] = Field("kodi", description="Whose templates to use.")
    series: str | None = Field(None, description="Folder of a series; default: the preset's.")
    season: str | None = Field(None, description="Folder of a season, 0 holds specials; may be empty.")
    episode: str | None = Field(None, description="File name without extension.")
    special: str | None = Field(None, description="The same for season 0; default: as an episode.")
    film: str | None = Field(None, description="The same for films; default: as a special.")
    windows_path: str | None = Field(None, description="Library as Windows sees it: keeps paths short.")


class Library(Section):
    """The folder that the media servers show."""

    anime_directory: Folder | None = Field(None, description="Root folder of the library.")
    films: Folder | None = Field(None, description="Root folder of films; default: among the specials.")
    naming: Naming = Naming()
    recycle: str = Field(".recycle", pattern=r"^\.[^./\\]+$", description="Hidden folder for replaced files.")
    recycle_days: int = Field(30, ge=0, description="Days that these are kept; 0: until you delete them.")


class LanguageWishes(Section):
    """What the owner wants to hear and read."""

    order: Languages = Field(
        (Language("de"), Language("ja", "de"), Language("ja", "en")),
        description="Languages by rank: `de` is a dub, `ja+de` has subtitles. No other is taken.",
    )


class Providers(Section):
    """Which streaming hosts are asked, and in which order."""

    order: Names = Field((), description="Hosts to ask first; the rest follows in the default order.")
    off: Names = Field((), description="Hosts never to ask.")
    domains: Annotated[dict[str, Names], BeforeValidator(_listed)] = Field(
        {},
        description='More domains by host, for links whose label says nothing: `{"VOE": ["new-name.com"]}`.',
    )


def _hours(value: str) -> str:
    if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("two times of the day are wanted, as in `18:00-23:30`")
    return value


class Downloads(Section):
    """How episodes are fetched."""

    slots: int = Field(2, ge=1, le=16, description="Episodes fetched at once.")
    per_host: int = Field(2, ge=1, le=16, description="Episodes fetched from one host at once.")
    quiet_hours: Annotated[str, AfterValidator(_hours)] = Field(
        "",
        description="Hours of the day in which the service begins no download, as in `18:00-23:30`, by the"
        " machine's clock; what runs goes on to its end.",
    )
    connections: int = Field(
        16, ge=1, le=32, description="Segments of one episode fetched at once, at most; begins with 4."
    )
    lead_seconds: float = Field(
        0.7, ge=0, le=30, description="A host that has not proved itself after this long gets company."
    )
    most_height: int = Field(1080, ge=144, description="Best picture to take, in lines.")
    most_retries: int = Field(3, ge=0, le=20, description="Failures before an episode is given up.")
    container: Literal["mkv", "mp4"] = Field("mkv", description="Container of filed episodes.")
    staging: Folder | None = Field(
        None,
        description="Folder of unfinished downloads; default: `.anidana` beside the library if that is"
        " writable and on one file system with it, else in the data folder.",
    )
    keep_staged: bool = Field(True, description="Keep what was fetched of a paused or failed episode.")
    keep_damaged: int = Field(0, ge=0, le=99, description="Damaged files kept in `quarantine` in staging.")
    floor_mib: int = Field(512, ge=0, description="Free space in MiB that is never used up.")


DNS_SERVERS = {
    "cloudflare": "https://1.1.1.1/dns-query",
    "google": "https://8.8.8.8/dns-query",
    "quad9": "https://9.9.9.9/dns-query",
}
"""DNS over HTTPS by address, which their certificates name: nothing is left to ask the system."""


def _dns(value: str) -> str:
    name = value.strip().lower()
    if name == "system" or name in DNS_SERVERS:
        return name
    if not re.fullmatch(r"https://[^/\s{}@?#]+(/[^\s{}#]*)?", value):
        raise ValueError(f"`system`, {', '.join(f'`{one}`' for one in DNS_SERVERS)} or `https://…` is wanted")
    return value


class Network(Section):
    """How we go out."""

    user_agent: str = Field(
        "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
        description="Sent with every request, the same at extraction and download.",
    )
    pages_per_second: float = Field(
        1.0,
        ge=0,
        allow_inf_nan=False,
        description="Pages asked of one site, at most two at once; 0: no limit.",
    )
    connections_per_host: int = Field(
        16, ge=1, le=64, description="Connections for media to one host, of all downloads together."
    )
    speed_limit: float = Field(
        0.0,
        ge=0,
        allow_inf_nan=False,
        description="MiB per second that all downloads together may take; 0: no limit.",
    )
    floor_kib: int = Field(
        4,
        ge=0,
        description="A connection that brings fewer KiB per second for half a minute is given up.",
    )
    dns: Annotated[str, AfterValidator(_dns)] = Field(
        "system",
        description="Who is asked for addresses: `system`, or by DNS over HTTPS `cloudflare`, `google`,"
        " `quad9` or a server of your own, `https://…`; if it is silent, the system, with a warning. For"
        " sites, hosts and videos, yt-dlp and ffmpeg included; media servers and TMDB: always the system.",
    )
    route_all_to: str | None = Field(
        None,
        pattern=r"^\d{1,3}(\.\d{1,3}){3}:\d{1,5}$",
        description="Practice only: send every request to this address instead, as in 127.0.0.1:8080.",
    )


class MetadataSettings(Section):
    """Databases that know series, and what is written beside the videos."""

    keys: dict[str, SecretStr] = Field({}, description="API keys by source: `tmdb`.")
    urls: dict[str, str] = Field({}, description="Other addresses by source, for tests and proxies.")
    languages: Names = Field(("de", "en"), description="Languages of titles and plots by rank.")
    pictures: Literal["small", "large", "original"] = Field("large", description="Size of pictures.")
    off: Names = Field((), description="What not to write: `nfo`, `artwork`, `frame` (out of the video).")


class MediaServer(Section):
    """A Jellyfin or Kodi to be told about new files."""

    kind: str = Field(description="`jellyfin` or `kodi`.")
    url: str = Field(pattern=r"^https?://[^/\s]+", description="Address with port.")
    name: str = Field("", description="What to call it; default: its kind.")
    api_key: SecretStr = Field(SecretStr(""), description="Jellyfin: an API key.")
    user: str = Field("", description="Kodi: user of the web server.")
    password: SecretStr = Field(SecretStr(""), description="Kodi: password of the web server.")
    path_map: Annotated[dict[str, str], BeforeValidator(_listed)] = Field(
        {}, description="Our folder → the same folder as the server sees it."
    )

    def value(self) -> MediaServerValue:
        """The same as the plain value that an action is given."""
        return MediaServerValue(
            kind=self.kind,
            name=self.name or self.kind,
            url=self.url.rstrip("/"),
            api_key=self.api_key.get_secret_value(),
            user=self.user,
            password=self.password.get_secret_value(),
            path_map=tuple(self.path_map.items()),
        )


def _base_path(value: str) -> str:
    path = value.rstrip("/")
    if path and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", path):
        raise ValueError("a path as in /anidana is wanted")
    return path


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        ipaddress.ip_network(network, strict=False)
    return value


class Server(Section):
    """The service that `anidana serve` runs."""

    host: str = Field("0.0.0.0", description="Address to listen on; 127.0.0.1: this machine only.")  # noqa: S104
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    base_path: Annotated[str, AfterValidator(_base_path)] = Field(
        "", description="Path in front of ours, where a reverse proxy keeps it: `/anidana`."
    )
    hosts: Names = Field((), description="Names that browsers may know us by, beside local ones.")
    origins: Names = Field((), description="Other sites whose pages may ask us, as `https://dash.example`.")
    trusted_proxies: Annotated[Names, AfterValidator(_networks)] = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded headers count."
    )
    proxy_user_header: str = Field(
        "", description="Header in which a trusted proxy names who it has let in: `Remote-User`."
    )


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _days(value: tuple[str, ...]) -> tuple[str, ...]:
    days = tuple(day.strip().lower()[:3] for day in value)
    if wrong := [day for day in days if day not in DAYS]:
        raise ValueError(f"{wrong[0]!r} is none of {', '.join(DAYS)}")
    return tuple(day for day in DAYS if day in days)


def _zone(value: str) -> str:
    try:
        return value and ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone as in Europe/Berlin is wanted") from None


class Scheduler(Section):
    """When the service looks for new episodes by itself."""

    enabled: bool = Field(True, description="Look for new episodes by the plan.")
    schedule_time: str = Field(
        "03:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="Time of day, as in 03:00."
    )
    schedule_days: Annotated[Names, AfterValidator(_days)] = Field(
        DAYS, description="Days of the week; with none, nothing runs by itself."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "", description="Zone of that time, as in Europe/Berlin; default: the machine's (`TZ`)."
    )
    auto_download_after_rescan: bool = Field(False, description="Then fetch what is missing.")
    folder_scan_enabled: bool = Field(False, description="Then look after the library's folders.")
    missed_window_hours: float = Field(
        25,
        ge=0,
        le=24 * 31,
        description="A run missed while we were off is made up for within so many hours.",
    )


class Notifications(Section):
    """Who is told what has happened, by way of apprise: https://appriseit.com/services/."""

    targets: Annotated[dict[str, SecretStr], BeforeValidator(_listed)] = Field(
        {}, description='Addresses by a name of yours: `{"phone": "ntfys://ntfy.sh/my-topic"}`.'
    )
    events: Annotated[
        tuple[Literal["ready", "failed", "needs_person", "disk"], ...], BeforeValidator(_listed)
    ] = Field(
        ("ready", "failed", "needs_person", "disk"),
        description="What is told: `ready` episodes, those that every host `failed` on, gates that"
        " `needs_person`, a full `disk`.",
    )
    group_minutes: float = Field(
        10, ge=0, le=24 * 60, description="What happens to a series within this time is one message."
    )


class Metrics(Section):
    """Figures for Prometheus."""

    enabled: bool = Field(False, description="Show them at /metrics, to whoever is logged in or has a key.")


class Store(Section):
    """The database."""

    database_url: SecretStr | None = Field(None, description="Default: SQLite in the data folder.")


class Logging(Section):
    """What is written to logs/."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level written.")


class Settings(Section):
    """Everything an owner can set. Made by `config.read`, or in code where nothing outside may interfere."""

    library: Library = Library()
    languages: LanguageWishes = LanguageWishes()
    providers: Providers = Providers()
    downloads: Downloads = Downloads()
    network: Network = Network()
    metadata: MetadataSettings = MetadataSettings()
    media_servers: Annotated[tuple[MediaServer, ...], BeforeValidator(_listed)] = ()
    server: Server = Server()
    scheduler: Scheduler = Scheduler()
    notifications: Notifications = Notifications()
    metrics: Metrics = Metrics()
    store: Store = Store()
    logging: Logging = Logging()

    def secrets(self) -> list[str]:
        """Every secret value in the tree, for the log filter."""
        return sorted(_secrets(self))


def _secrets(value: object) -> set[str]:
    match value:
        case SecretStr():
            return {value.get_secret_value()} - {""}
        case BaseModel():
            return set().union(*(_secrets(getattr(value, name)) for name in type(value).model_fields))
        case Mapping():
            return set().union(*map(_secrets, value.values()))
        case tuple() | list():
            return set().union(*map(_secrets, value))
    return set()
