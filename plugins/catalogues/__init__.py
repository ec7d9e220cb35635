"""One module per site that lists series."""
