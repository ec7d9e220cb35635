"""The routes under /api, one module per subject; each has a `router` that `assembly` mounts."""
