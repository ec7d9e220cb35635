"""One typed tree of settings: environment over config.json over defaults.

`ANIDANA__SECTION__KEY` sets one value; `ANIME_DIRECTORY`, `DATABASE_URL`, `TMDB_API_KEY` and
`LOG_LEVEL` are understood too. An empty variable counts as not set.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .errors import ConfigError
from .models import Language
from .models import MediaServer as MediaServerValue

PREFIX = "ANIDANA__"

GUIDE_NAMES = {
    "ANIME_DIRECTORY": ("library", "anime_directory"),
    "DATABASE_URL": ("store", "database_url"),
    "TMDB_API_KEY": ("metadata", "keys", "tmdb"),
    "LOG_LEVEL": ("logging", "level"),
}
"""Names that the predecessor's users have in their compose files, and where they lead."""


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

    series: str = Field("{title} ({year})", description="Folder of a series.")
    season: str = Field("Season {season:02d}", description="Folder of a season; season 0 holds specials.")
    episode: str = Field(
        "{title} - S{season:02d}E{episode:02d} - {name}", description="File name without extension."
    )


class Library(Section):
    """The folder that the media servers show."""

    anime_directory: Folder | None = Field(None, description="Root folder of the library.")
    naming: Naming = Naming()


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


class Downloads(Section):
    """How episodes are fetched."""

    slots: int = Field(2, ge=1, le=16, description="Episodes fetched at once.")
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
    off: Names = Field((), description="Writers not to use: `nfo`, `artwork`.")


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


class Store(Section):
    """The database."""

    database_url: SecretStr | None = Field(None, description="Default: SQLite in the data folder.")


class Logging(Section):
    """What is written to logs/."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level written.")


class Settings(Section):
    """Everything an owner can set. Made by `read`, or in code where nothing outside may interfere."""

    library: Library = Library()
    languages: LanguageWishes = LanguageWishes()
    providers: Providers = Providers()
    downloads: Downloads = Downloads()
    network: Network = Network()
    metadata: MetadataSettings = MetadataSettings()
    media_servers: Annotated[tuple[MediaServer, ...], BeforeValidator(_listed)] = ()
    store: Store = Store()
    logging: Logging = Logging()

    def secrets(self) -> list[str]:
        """Every secret value in the tree, for the log filter."""
        return sorted(_secrets(self))


class _FromOutside(BaseSettings, Settings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        enable_decoding=False,
        nested_model_default_partial_update=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment, then the guide's names, then what the file held (passed as arguments)."""
        return env_settings, _GuideSource(settings_cls), init_settings


class _GuideSource(PydanticBaseSettingsSource):
    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        tree: dict[str, Any] = {}
        for name, path in GUIDE_NAMES.items():
            if value := os.environ.get(name):
                branch = tree
                for key in path[:-1]:
                    branch = branch.setdefault(key, {})
                branch[path[-1]] = value.upper() if name == "LOG_LEVEL" else value
        return tree


def read(file: Path | None = None) -> Settings:
    """Read the settings; a file that is not there counts as empty.

    ConfigError names the line and column of broken JSON, the nearest valid name of an unknown
    setting, and what is wrong with a value.
    """
    tree = _tree(file) if file is not None else {}
    _check_environment()
    return _check(tree)


def _check(tree: dict[str, Any]) -> Settings:
    for key in tree:  # before the settings library sees it: it has arguments of its own
        if key not in Settings.model_fields:
            raise ConfigError(_sentence((key,), "", "extra_forbidden"))
    try:
        return _FromOutside(**tree)
    except ValidationError as error:
        problems = error.errors()
        problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
        raise ConfigError(_sentence(problem["loc"], problem["msg"], problem["type"])) from None


def change(file: Path, path: tuple[str, ...], value: object) -> None:
    """Set one value in a settings file, whole or not at all; everything else in it stays.

    ConfigError if the file is broken, if the value is wrong, or if the environment says otherwise.
    """
    variable = PREFIX + "__".join(path).upper()
    for name, said in os.environ.items():  # the settings library reads them in any case
        if said and name.upper() == variable:
            raise ConfigError(f"{name} is set and would win", hint="change it there, or unset it")
    file = file.resolve()  # a link stays a link
    tree = branch = _tree(file)
    for key in path[:-1]:
        branch = branch.setdefault(key, {})
        if not isinstance(branch, dict):
            raise ConfigError(f"{file}: {key} is no section")
    branch[path[-1]] = value
    _check(tree)
    staged = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        staged.touch(file.stat().st_mode & 0o777 if file.exists() else 0o600)  # there may be keys in it
        with staged.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(tree, ensure_ascii=False, indent=2) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        staged.replace(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from error


def _tree(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"{file}: line {error.lineno}, column {error.colno}: {error.msg}",
            hint="mend the file, or move it away to start from defaults",
        ) from None
    except (RecursionError, ValueError) as error:  # nesting or numbers beyond what can be read
        raise ConfigError(f"{file}: line 1, column 1: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{file}: line 1, column 1: an object is wanted, as in {{}}")
    return tree


def _check_environment() -> None:
    """Name variables of ours that lead nowhere; the settings library would pass over them."""
    for name in sorted(os.environ):
        if name.startswith(PREFIX):
            _find(tuple(name.removeprefix(PREFIX).lower().split("__")), name)


def _find(path: tuple[str, ...], variable: str) -> None:
    model: type[BaseModel] | None = Settings
    for depth, key in enumerate(path):
        if model is None:
            return
        if key not in model.model_fields:
            message = _sentence(path[: depth + 1], "", "extra_forbidden")
            raise ConfigError(f"{variable}: {message}")
        model = _section(model.model_fields[key].annotation)


def _sentence(loc: tuple[int | str, ...], message: str, kind: str) -> str:
    path = ".".join(str(part) for part in loc if not isinstance(part, int))
    if kind != "extra_forbidden":
        return f"setting {path}: {message.removeprefix('Value error, ')}"
    near = difflib.get_close_matches(path, list(_names(Settings)), n=1, cutoff=0.0)
    return f"unknown setting {path}" + (f"; the nearest is {near[0]}" if near else "")


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if group := _section(field.annotation):
            yield from _names(group, f"{prefix}{name}.")


def _section(annotation: Any) -> type[BaseModel] | None:
    """The group that a field holds, alone or in a list."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


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
