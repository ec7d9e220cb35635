"""Segments in parallel: whole, encrypted, in ranges, with faults, and after a kill."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from anidana.core import settings
from anidana.core.acquire import hls
from anidana.core.acquire.join import join
from anidana.core.acquire.playlist import Playlist
from anidana.core.acquire.transfer import BLOCK_BYTES, Expired, Fetched, Meter, pour
from anidana.core.errors import Blocked, Damaged, DiskFull, Gone, Refused
from anidana.core.fetch import HEADER_SECONDS, Network, Visit
from anidana.core.models import GERMAN_DUB

BASE = "http://cdn.example/v/"
NAMES = [f"ts{number}.ts" for number in range(6)]
KEY = bytes(range(16))


@pytest.fixture
def fetch(visit: Visit, meter: Meter, tmp_path: Path) -> Any:
    async def run(url: str, *, connections: int = 4, meter: Meter = meter) -> Fetched:
        found = await hls.load(url, visit, {}, 1080)
        folder = tmp_path / "parts"
        folder.mkdir(exist_ok=True)
        return await hls.fetch(found, visit, {}, folder, connections=connections, meter=meter)

    return run


def seconds_of(fetched: Fetched, tmp_path: Path) -> float:
    return join(fetched.tracks, tmp_path / "out.mkv", GERMAN_DUB).seconds


def encrypt(data: bytes, iv: bytes, key: bytes = KEY) -> bytes:
    padder = PKCS7(128).padder()
    cipher = Cipher(AES128(key), CBC(iv)).encryptor()
    return cipher.update(padder.update(data) + padder.finalize()) + cipher.finalize()


async def test_every_segment_arrives_once_and_is_what_was_sent(
    cdn: Any, fetch: Any, films: Path, tmp_path: Path, told: Any
) -> None:
    fetched = await fetch(cdn.hls(BASE))
    assert [path.read_bytes() for path in fetched.tracks[0].pieces[0]] == [
        (films / name).read_bytes() for name in NAMES
    ]
    assert all(cdn.count(BASE + name) == 1 for name in NAMES)
    assert (fetched.seconds, fetched.slack) == (12.0, 3.0)
    assert told.amounts[-1] == (fetched.size, fetched.size)
    assert [done for done, _ in told.amounts] == sorted(done for done, _ in told.amounts)
    assert seconds_of(fetched, tmp_path) == pytest.approx(12, abs=0.2)


async def test_a_killed_transfer_goes_on_where_it_stopped(
    cdn: Any, fetch: Any, tmp_path: Path, told: Any
) -> None:
    url = cdn.hls(BASE)
    cdn.hold(BASE + NAMES[3])
    third_here = asyncio.Event()
    told.on_progress = lambda: len(told.amounts) == 3 and third_here.set()
    running = asyncio.ensure_future(fetch(url, connections=1))
    await third_here.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    cdn.hls(BASE)
    before = {name: cdn.count(BASE + name) for name in NAMES}
    fetched = await fetch(url)
    assert [cdn.count(BASE + name) - before[name] for name in NAMES] == [0, 0, 0, 1, 1, 1]
    assert seconds_of(fetched, tmp_path) == pytest.approx(12, abs=0.2)


async def test_an_empty_leftover_does_not_count_as_a_segment(
    cdn: Any, fetch: Any, films: Path, tmp_path: Path
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "00002").touch()
    fetched = await fetch(cdn.hls(BASE))
    assert fetched.tracks[0].pieces[0][2].read_bytes() == (films / NAMES[2]).read_bytes()


async def test_no_more_connections_than_allowed(cdn: Any, fetch: Any) -> None:
    url = cdn.hls(BASE)
    for name in NAMES:
        cdn.hold(BASE + name)
    running = asyncio.ensure_future(fetch(url, connections=2))
    await cdn.arrived.acquire()
    await cdn.arrived.acquire()
    await asyncio.sleep(0.01)
    assert [cdn.count(BASE + name) for name in NAMES] == [1, 1, 0, 0, 0, 0]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("fault", [{"fails": (503, 429, 500)}, {"cuts": (0, 100, 5000)}])
async def test_a_passing_fault_is_asked_again(
    cdn: Any, fetch: Any, films: Path, tmp_path: Path, fault: dict[str, Any]
) -> None:
    url = cdn.hls(BASE)
    cdn.segments(BASE, NAMES[2:3], **fault)
    fetched = await fetch(url)
    assert cdn.count(BASE + NAMES[2]) == 4
    assert fetched.tracks[0].pieces[0][2].read_bytes() == (films / NAMES[2]).read_bytes()


async def test_a_lasting_fault_ends_after_four_tries(cdn: Any, fetch: Any) -> None:
    url = cdn.hls(BASE)
    cdn.segments(BASE, NAMES[2:3], fails=(503,) * 99)
    with pytest.raises(Refused, match="503"):
        await fetch(url)
    assert cdn.count(BASE + NAMES[2]) == 4


@pytest.mark.parametrize(
    ("status", "error"), [(403, Expired), (410, Expired), (401, Expired), (404, Damaged), (204, Damaged)]
)
async def test_a_link_that_is_no_longer_good_is_not_asked_again(
    cdn: Any, fetch: Any, status: int, error: type[Exception]
) -> None:
    url = cdn.hls(BASE)
    cdn.segments(BASE, NAMES[2:3], fails=(status,) * 99)
    with pytest.raises(error, match=str(status)):
        await fetch(url)
    assert cdn.count(BASE + NAMES[2]) == 1


async def test_a_web_page_in_place_of_a_segment_is_damaged(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    url = cdn.hls(BASE)
    cdn.put(BASE + NAMES[2], "<html>gone</html>", type_="video/mp2t")
    with pytest.raises(Damaged, match="segment 3 is a web page"):
        await fetch(url)
    assert not (tmp_path / "parts" / "00002").exists()


@pytest.fixture
def encrypted(cdn: Any, films: Path) -> str:
    """Two keys; the first one's IVs are counted, the second one's is told."""
    lines = (
        '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-KEY:METHOD=AES-128,URI="key0"\n'
    )
    for number, name in enumerate(NAMES):
        if number == 3:
            lines += f'#EXT-X-KEY:METHOD=AES-128,URI="key1",IV=0x{bytes(range(16, 32)).hex()}\n'
        lines += f"#EXTINF:2.0,\n{name}\n"
        iv = (5 + number).to_bytes(16, "big") if number < 3 else bytes(range(16, 32))
        key = KEY if number < 3 else KEY[::-1]
        cdn.put(BASE + name, encrypt((films / name).read_bytes(), iv, key))
    cdn.put(BASE + "key0", KEY)
    cdn.put(BASE + "key1", KEY[::-1])
    cdn.put(BASE + "index.m3u8", lines + "#EXT-X-ENDLIST\n")
    return BASE + "index.m3u8"


async def test_encrypted_segments_are_opened_and_a_key_is_asked_for_once(
    cdn: Any, fetch: Any, encrypted: str, films: Path
) -> None:
    fetched = await fetch(encrypted)
    assert [path.read_bytes() for path in fetched.tracks[0].pieces[0]] == [
        (films / name).read_bytes() for name in NAMES
    ]
    assert (cdn.count(BASE + "key0"), cdn.count(BASE + "key1")) == (1, 1)


async def test_a_wrong_key_is_damaged(cdn: Any, fetch: Any, encrypted: str) -> None:
    cdn.put(BASE + "key1", bytes(16))
    with pytest.raises(Damaged):
        await fetch(encrypted)


async def test_a_key_that_does_not_come_is_asked_for_again_beside(
    cdn: Any, fetch: Any, encrypted: str, films: Path
) -> None:
    brings = cdn.site.answers["cdn.example/v/key0"]
    cdn.hold(BASE + "key0")
    running = asyncio.ensure_future(fetch(encrypted))
    await cdn.arrived.acquire()
    cdn.site.answers["cdn.example/v/key0"] = brings
    async with asyncio.timeout(HEADER_SECONDS / 2):
        await running
    assert cdn.count(BASE + "key0") == 2


async def test_keys_take_places_at_the_host_as_segments_do(
    cdn: Any, site: Any, encrypted: str, meter: Meter, tmp_path: Path
) -> None:
    cdn.hold(BASE + "key0")
    cdn.hold(BASE + "key1")
    chosen = settings.Network(route_all_to=site.address, pages_per_second=0, connections_per_host=1)
    async with Network(chosen) as network:
        visit = network.visit()
        found = await hls.load(encrypted, visit, {}, 1080)
        running = asyncio.ensure_future(hls.fetch(found, visit, {}, tmp_path, connections=4, meter=meter))
        await cdn.arrived.acquire()
        await asyncio.sleep(0.01)
        assert (cdn.count(BASE + "key0"), cdn.count(BASE + "key1")) == (1, 0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("key", [b"", KEY[:15], KEY + b"\n", b"<html>login</html>"])
async def test_a_key_of_another_length_fails_before_any_segment(
    cdn: Any, fetch: Any, encrypted: str, key: bytes
) -> None:
    cdn.put(BASE + "key1", key)
    with pytest.raises(Damaged, match="key"):
        await fetch(encrypted)
    assert sum(cdn.count(BASE + name) for name in NAMES) == 0


async def test_an_encrypted_first_segment_is_proof_only_with_the_right_key(
    cdn: Any, visit: Visit, encrypted: str
) -> None:
    found = await hls.load(encrypted, visit, {}, 1080)
    await hls.sample(found, visit, {})
    cdn.put(BASE + "key0", bytes(16))
    with pytest.raises(Damaged, match="first segment"):
        await hls.sample(found, visit, {})


async def test_fragments_with_a_header_are_fetched_and_joined(
    cdn: Any, fetch: Any, helpers: SimpleNamespace, tmp_path: Path
) -> None:
    names = [f"f{number}.m4s" for number in range(6)]
    cdn.segments(BASE, ["init.mp4", *names])
    cdn.put(BASE + "f.m3u8", helpers.playlist(names, head='#EXT-X-MAP:URI="init.mp4"\n'))
    fetched = await fetch(BASE + "f.m3u8")
    assert cdn.count(BASE + "init.mp4") == 1
    assert len(fetched.tracks[0].pieces[0]) == 7
    assert seconds_of(fetched, tmp_path) == pytest.approx(12, abs=0.2)


async def test_a_discontinuity_is_joined_in_time(cdn: Any, fetch: Any, tmp_path: Path) -> None:
    cdn.segments(BASE, NAMES[:2])
    lines = "".join(f"#EXTINF:2.0,\n{name}\n" for name in NAMES[:2])
    cdn.put(BASE + "d.m3u8", f"#EXTM3U\n{lines}#EXT-X-DISCONTINUITY\n{lines}#EXT-X-ENDLIST\n")
    fetched = await fetch(BASE + "d.m3u8")
    assert seconds_of(fetched, tmp_path) == pytest.approx(8, abs=0.2)


@pytest.fixture
def ranged(cdn: Any, films: Path) -> str:
    """All segments in one file, by byte ranges."""
    parts = [(films / name).read_bytes() for name in NAMES]
    lines = "".join(f"#EXTINF:2.0,\n#EXT-X-BYTERANGE:{len(part)}\nall.ts\n" for part in parts)
    cdn.put(BASE + "all.ts", b"".join(parts))
    cdn.put(BASE + "r.m3u8", f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n")
    return BASE + "r.m3u8"


async def test_byte_ranges_bring_their_bytes_and_no_others(fetch: Any, ranged: str, films: Path) -> None:
    fetched = await fetch(ranged)
    assert [path.read_bytes() for path in fetched.tracks[0].pieces[0]] == [
        (films / name).read_bytes() for name in NAMES
    ]


async def test_a_host_that_ignores_byte_ranges_is_damaged(
    cdn: Any, fetch: Any, ranged: str, films: Path
) -> None:
    cdn.put(BASE + "all.ts", (films / NAMES[0]).read_bytes(), ranges=False)
    with pytest.raises(Damaged, match="byte range"):
        await fetch(ranged)


async def test_a_byte_range_beyond_the_end_is_damaged(cdn: Any, fetch: Any, ranged: str, films: Path) -> None:
    whole = b"".join((films / name).read_bytes() for name in NAMES)
    cdn.put(BASE + "all.ts", whole[:-188])
    with pytest.raises(Damaged, match="byte range"):
        await fetch(ranged)


MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=640x360\n{}\n"


async def test_a_master_leads_to_its_best_quality(cdn: Any, visit: Visit) -> None:
    cdn.hls(BASE)
    low = "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180\nlow.m3u8\n"
    cdn.put(BASE + "master.m3u8", MASTER.format("index.m3u8") + low)
    found = await hls.load(BASE + "master.m3u8", visit, {}, 1080)
    assert len(found.segments) == 6


async def test_a_playlist_that_leads_to_itself_is_asked_once(cdn: Any, visit: Visit) -> None:
    cdn.put(BASE + "master.m3u8", MASTER.format("master.m3u8"))
    with pytest.raises(Damaged, match="itself"):
        await hls.load(BASE + "master.m3u8", visit, {}, 1080)
    assert cdn.count(BASE + "master.m3u8") == 1


async def test_playlists_nested_too_deep_are_damaged(cdn: Any, visit: Visit) -> None:
    for depth in range(9):
        cdn.put(f"{BASE}{depth}.m3u8", MASTER.format(f"{depth + 1}.m3u8"))
    with pytest.raises(Damaged, match="deep"):
        await hls.load(BASE + "0.m3u8", visit, {}, 1080)
    assert cdn.count(BASE + "3.m3u8") == 0


@pytest.mark.parametrize(("status", "error"), [(404, Gone), (403, Refused), (500, Refused)])
async def test_a_playlist_that_is_refused_says_so(
    cdn: Any, visit: Visit, status: int, error: type[Exception]
) -> None:
    cdn.put(BASE + "index.m3u8", "", fails=(status,) * 9)
    with pytest.raises(error):
        await hls.load(BASE + "index.m3u8", visit, {}, 1080)
    assert cdn.count(BASE + "index.m3u8") == (4 if status == 500 else 1)


async def test_a_playlist_that_hiccups_is_asked_again(cdn: Any, visit: Visit) -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nts0.ts\n#EXT-X-ENDLIST\n"
    cdn.put(BASE + "index.m3u8", text, fails=(503, 500))
    assert len((await hls.load(BASE + "index.m3u8", visit, {}, 1080)).segments) == 1


async def test_a_segment_that_its_host_cut_is_never_taken(
    cdn: Any, visit: Visit, meter: Any, films: Path
) -> None:
    url = cdn.hls(BASE)
    whole = (films / "ts5.ts").read_bytes()
    cdn.put(f"{BASE}ts5.ts", whole[: len(whole) * 3 // 4 // 188 * 188 + 60])
    playlist = await hls.load(url, visit, {}, 1080)
    folder = meter.folder / "parts"
    folder.mkdir()
    with pytest.raises(Refused, match="inside a packet"):
        await hls.fetch(playlist, visit, {}, folder, connections=4, meter=meter)


async def test_a_playlist_that_is_too_large_is_blocked(cdn: Any, visit: Visit) -> None:
    cdn.put(BASE + "index.m3u8", "#EXTM3U\n" + "#" * (5 * 1024 * 1024))
    with pytest.raises(Blocked):
        await hls.load(BASE + "index.m3u8", visit, {}, 1080)


async def test_headers_go_with_playlist_key_and_segments(
    cdn: Any, visit: Visit, encrypted: str, tmp_path: Path, meter: Meter
) -> None:
    headers = {"Referer": "http://host.example/e/1"}
    found: Playlist = await hls.load(encrypted, visit, headers, 1080)
    await hls.fetch(found, visit, headers, tmp_path, connections=2, meter=meter)
    assert {request.headers["Referer"] for request in cdn.site.asked} == {"http://host.example/e/1"}
    assert {request.headers["User-Agent"] for request in cdn.site.asked} == {visit.user_agent}


async def test_the_floor_of_free_space_stops_a_transfer(
    cdn: Any, fetch: Any, tmp_path: Path, told: Any
) -> None:
    with pytest.raises(DiskFull):
        await fetch(cdn.hls(BASE), meter=Meter(tmp_path, 2**62, told))
    assert list((tmp_path / "parts").iterdir())


async def test_a_large_segment_is_held_in_memory_one_block_at_a_time(cdn: Any, visit: Visit) -> None:
    content = bytes(16 * BLOCK_BYTES)
    cdn.put(BASE + "large.ts", content)
    blocks = list[int]()
    async with visit.open(BASE + "large.ts") as body:
        assert await pour(body, lambda block: blocks.append(len(block))) == len(content)
    assert sum(blocks) == len(content)
    assert max(blocks) < 4 * BLOCK_BYTES  # a block, and what the socket held when it was full


async def test_every_file_is_told_of_once_when_it_is_whole(
    cdn: Any, visit: Visit, meter: Meter, films: Path, tmp_path: Path
) -> None:
    found: Playlist = await hls.load(cdn.hls(BASE), visit, {}, 1080)
    (tmp_path / "00001").write_bytes((films / NAMES[1]).read_bytes())
    seen = dict[Path, int]()
    await hls.fetch(
        found, visit, {}, tmp_path, connections=4, meter=meter,
        arrived=lambda path: seen.setdefault(path, path.stat().st_size),
    )  # fmt: skip
    assert seen == {
        tmp_path / f"{number:05d}": (films / name).stat().st_size for number, name in enumerate(NAMES)
    }
    assert cdn.count(BASE + NAMES[1]) == 0
    assert sorted(path for path in tmp_path.iterdir() if path.is_file()) == sorted(seen)
