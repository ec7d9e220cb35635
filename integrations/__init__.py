"""One module per program that is told about new files."""
