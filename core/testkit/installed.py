"""Holds installed plugins to the contract: `pytest …/installed.py`, run by `anidana plugin test NAME`.

The variable ANIDANA_PLUGIN_TEST names the providers, by comma. There are no recorded cases of an
installed plugin: what needs them is left out.
"""

from __future__ import annotations

import os
from pathlib import Path

from anidana.core.loader import load
from anidana.core.testkit import ProviderContract


class _Installed(ProviderContract):
    recorded = Path(__file__).parent / "template" / "no-cases"
    test_has_a_recording_that_plays = None  # type: ignore[assignment]
    test_recorded_pages_mean_what_they_meant = None  # type: ignore[assignment]
    test_recordings_are_small_and_name_nobody = None  # type: ignore[assignment]
    test_half_a_page_is_never_misread = None  # type: ignore[assignment]
    test_an_endless_page_of_known_pieces_ends = None  # type: ignore[assignment]
    test_a_page_in_another_encoding_is_survived = None  # type: ignore[assignment]


for _provider in load().providers:
    if _provider.name in os.environ.get("ANIDANA_PLUGIN_TEST", "").split(","):
        _name = f"Test{_provider.name}"
        globals()[_name] = type(_name, (_Installed,), {"__module__": __name__, "provider": _provider})
