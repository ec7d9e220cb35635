"""Jobs: the life of an episode from wanted to seen by the media servers."""
