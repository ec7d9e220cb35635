"""What an address looks like that a page gives for a stream."""

from __future__ import annotations

import re

ADDRESS = re.compile(r"""https?://[^"'\s<>]+""")
"""For `fullmatch`: no quote, space or bracket, so that no markup is taken along."""
