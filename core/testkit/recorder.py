"""Records a case: drives a plugin against the site, masks and cuts what came, checks it, stores it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..acquire.prove import extract
from ..errors import AnidanaError, ConfigError, Crashed, Held, PageChanged, SetupError, SourceError
from ..fetch import Network, Visit, refusal
from ..hooks import Provider
from ..models import Link, Stream
from ..steps import Page, Post, Request
from .cutting import cut
from .masking import mask, replace_all
from .recordings import Answer, Recording, replay

CUT_SECONDS = 10.0

_CASE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_KEPT_HEADERS = ("content-type", "location", "retry-after", "server")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A case as it is stored; `warnings` are what the author should look at, `masked` what was replaced."""

    case: Recording
    files: Mapping[str, str]
    masked: int
    before: int
    warnings: tuple[str, ...] = ()


class _Listening(Visit):
    """A visit that keeps what was answered, refusals too."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.answers: list[Answer] = []

    async def page(self, request: Request) -> Page:
        page = await super().page(replace(request, accept=tuple(range(400, 600))))
        method = "POST" if isinstance(request, Post) else "GET"
        final = page.url if page.url != request.url else None
        self.answers.append(Answer(request.url, page.text, page.status, method, dict(page.headers), final))
        if page.status >= 400 and page.status not in request.accept:
            raise refusal(page)
        return page


async def record(url: str, name: str, provider: Provider, network: Network) -> Recorded:
    """Let the provider read an address of its site, and make a masked, minimal case of it.

    An error of the provider's is an outcome like any other; one without a page, and Crashed, are raised.
    """
    if not _CASE_NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of a case", hint="as in plays, gone, plays-2026-11")
    visit, refused = _Listening(network), None
    try:
        await extract(Link(url), provider, visit)
    except Crashed:
        raise
    except SourceError as error:
        refused = error
    heard = Recording(name, url, tuple(map(_kept, visit.answers)))
    try:
        wanted = _wanted(provider, heard)
    except Crashed:
        # A request without an answer, which no recording can hold.
        raise (refused or Crashed("the plugin does not ask for the same pages again")) from None
    return _made(provider, heard, wanted)


def _kept(one: Answer) -> Answer:
    """The answer with the headers that may matter, and with line ends as files have them."""
    headers = {name: value for name, value in one.headers.items() if name in _KEPT_HEADERS}
    return replace(one, headers=headers, text=one.text.replace("\r\n", "\n").replace("\r", "\n"))


def _made(provider: Provider, heard: Recording, wanted: Mapping[str, str]) -> Recorded:
    """The case, masked and cut as far as what comes of it stays the same."""
    warnings = _doubts(heard.name, wanted)
    masked, found = _masked(provider, heard, wanted)
    wanted = {key: replace_all(value, found) for key, value in wanted.items()}
    small = _cut(provider, masked, wanted)
    texts = "\n".join((*wanted.values(), *(one.text for one in small.answers)))
    if left := mask(texts).found:
        warnings.append(f"left as it is, because the stream depends on it: {', '.join(sorted(left))}")
    if start := wanted.get("url_start"):
        wanted = {"kind": wanted["kind"], "url_pattern": f"{re.escape(start)}.*"}
        warnings.append("the stream's address is not the same each time: see its pattern in cases.json")
    answers = small.answers
    # With a dot, which no case has in its name: `plays-2` may be one.
    names = [f"{heard.name}{f'.{place}' if place else ''}{_ending(one)}" for place, one in enumerate(answers)]
    files = {name: one.text for name, one in zip(names, answers, strict=True)}
    before = sum(len(one.text) for one in heard.answers)
    return Recorded(replace(small, expected=wanted), files, len(found), before, tuple(warnings))


def _wanted(provider: Provider, case: Recording) -> dict[str, str]:
    """What comes of a case; where the address differs from time to time, `url_start` is what stays."""
    once, again = outcome(provider, case), outcome(provider, case)
    if once == again or "url" not in once:
        return once
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(once["url"], again["url"], strict=False))
    return {"kind": once["kind"], "url_start": "".join(mark for mark, _ in alike)}


def _fits(provider: Provider, case: Recording, wanted: Mapping[str, str]) -> bool:
    try:
        found = outcome(provider, case)
    except AnidanaError:
        return False
    start = wanted.get("url_start")
    if start is None:
        return found == wanted
    return found.get("kind") == wanted["kind"] and found["url"].startswith(start)


def outcome(provider: Provider, case: Recording) -> dict[str, str]:
    """What comes of a case, as `expected` says it; Crashed for a bug, or for a page nobody recorded."""
    try:
        stream = replay(provider, case)
    except SourceError as error:
        return {"error": error.code}
    except AnidanaError:
        raise
    except Exception as error:
        raise Crashed(f"{type(error).__name__}: {error}") from error
    return {"kind": stream.kind, "url": stream.url} if isinstance(stream, Stream) else {}


def _doubts(name: str, found: Mapping[str, str]) -> list[str]:
    """Where the name of a case says something else than its outcome."""
    said, real = name.split("-")[0], found.get("error", "plays")
    codes = {"plays", *(one.code for one in SourceError.__subclasses__())}
    if said in codes and said != real:
        return [f"the case is called {said}, and the outcome is {real}: if that is wrong, mend the plugin,"
                " and `expected` in cases.json"]  # fmt: skip
    return []


def _masked(
    provider: Provider, case: Recording, wanted: Mapping[str, str]
) -> tuple[Recording, Mapping[str, str]]:
    """The case without people in it; only stand-ins that leave the outcome the same, but for themselves."""
    texts = [text for one in case.answers for text in (one.text, one.url, one.final_url or "")]
    kept: dict[str, str] = {}
    for one, stand_in in mask("\n".join((case.url, *texts))).found.items():
        tried = {**kept, one: stand_in}
        expected = {key: replace_all(value, tried) for key, value in wanted.items()}
        if _fits(provider, _with(case, tried), expected):
            kept = tried
    return _with(case, kept), kept


def _with(case: Recording, found: Mapping[str, str]) -> Recording:
    def answer(one: Answer) -> Answer:
        final = replace_all(one.final_url, found) if one.final_url else None
        headers = {name: replace_all(value, found) for name, value in one.headers.items()}
        return replace(
            one,
            url=replace_all(one.url, found),
            text=replace_all(one.text, found),
            final_url=final,
            headers=headers,
        )

    return replace(case, url=replace_all(case.url, found), answers=tuple(map(answer, case.answers)))


def _cut(provider: Provider, case: Recording, wanted: Mapping[str, str]) -> Recording:
    """The case with every page cut; one that the plugin does not know stays whole, to be looked at."""
    if wanted.get("error") == PageChanged.code:
        return case
    bare = replace(case, answers=tuple(replace(one, headers={}) for one in case.answers))
    case = bare if _fits(provider, bare, wanted) else case
    for place, one in enumerate(case.answers):

        def put(text: str, place: int = place, case: Recording = case) -> Recording:
            answers = list(case.answers)
            answers[place] = replace(answers[place], text=text)
            return replace(case, answers=tuple(answers))

        def same(text: str, put: Callable[[str], Recording] = put) -> bool:
            return _fits(provider, put(text), wanted)

        case = put(cut(one.text, same, most_seconds=CUT_SECONDS / len(case.answers)))
    return case


def _ending(answer: Answer) -> str:
    return ".json" if answer.text.lstrip()[:1] in ("{", "[") else ".html" if "<" in answer.text else ".txt"


def store(made: Recorded, folder: Path, day: date) -> list[Path]:
    """Add the case to a folder; its index is written last and at once. Held if there is one of that name."""
    case = made.case
    index = folder / "cases.json"
    try:
        cases: list[dict[str, Any]] = json.loads(index.read_text("utf-8")) if index.exists() else []
        if any(one["name"] == case.name for one in cases):
            raise Held(f"{folder} has a case {case.name} already", hint="choose another name with --as")
        if there := [name for name in made.files if (folder / name).exists()]:
            raise Held(f"{folder / there[0]} is there already", hint="choose another name with --as")
        folder.mkdir(parents=True, exist_ok=True)
        cases.append(_entry(made, day))
        for name, text in made.files.items():
            _write(folder / name, text)
        _write(index, json.dumps(cases, indent=2, ensure_ascii=False) + "\n")
    except OSError as error:
        raise SetupError(f"{folder} cannot be written: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{index} is not what it should be: {error}", hint="mend it by hand") from error
    return [*(folder / name for name in made.files), index]


def _entry(made: Recorded, day: date) -> dict[str, Any]:
    case = made.case
    requests = []
    for name, one in zip(made.files, case.answers, strict=True):
        more = {
            "method": one.method,
            "status": one.status,
            "headers": dict(one.headers),
            "final_url": one.final_url,
        }
        usual = {"method": "GET", "status": 200, "headers": {}, "final_url": None}
        requests.append({"url": one.url, "file": name, **{k: v for k, v in more.items() if v != usual[k]}})
    return {
        "name": case.name,
        "url": case.url,
        "requests": requests,
        "expected": dict(case.expected),
        "recorded": day.isoformat(),
    }


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
