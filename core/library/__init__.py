"""The disk: names, the way of a finished file into the library, and what is already there."""
