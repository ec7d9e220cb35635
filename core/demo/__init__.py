"""The practice network: a catalogue, hosts, a metadata API and media servers on loopback.

`network.PracticeNetwork` plays the internet, `servers.FakeJellyfin` and `servers.FakeKodi` play
the owner's media servers; `anidana demo` and the tests use both.
"""
