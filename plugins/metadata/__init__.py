"""Where metadata comes from, and the writers of NFO files and artwork."""
