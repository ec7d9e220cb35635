"""From mirrors to one verified file: rotation, transfer, checks.

`candidates` orders the mirrors, `rotation` races those of one language until one is proven by
`prove`; `hls`, `direct` or `ytdlp` fetches it, `join` puts it together in a process of its
own (`joining`), `verify` judges it, and `episode` goes on with the next mirror until one has passed.
"""
