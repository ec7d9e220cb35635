"""The contract kit: what an author's tests need to know that a plugin keeps its promises.

    class TestClips(ProviderContract):
        provider = Clips()
        urls = {"https://clips.example/w/abc": "https://clips.example/e/abc"}

No loop, no server, no network: recorded cases lie in a folder `recorded` beside the test.
"""

from .contract import ProviderContract
from .recordings import Answer, Recording, check, read_recordings, replay, run

__all__ = ["Answer", "ProviderContract", "Recording", "check", "read_recordings", "replay", "run"]
