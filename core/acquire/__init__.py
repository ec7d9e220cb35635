"""From mirrors to one verified file: rotation, transfer, checks.

`candidates` orders the mirrors, `rotation` races those of one language until one is proven by
`prove`; `hls`, `direct` or `ytdlp` fetches it, `media` joins it, `verify` judges it, and `episode`
goes on with the next mirror until one has passed.
"""

from .episode import Acquired, acquire
from .transfer import Report

__all__ = ["Acquired", "Report", "acquire"]
