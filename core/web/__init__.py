"""The web: API, live events, health; it calls what the command line calls, and holds no state."""
