"""One module per streaming host; tricks that two share are pure functions in `_trick.py`."""
