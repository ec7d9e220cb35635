"""What the program can read and write: streaming hosts, catalogues, metadata."""
