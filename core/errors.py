"""Every error we raise on purpose, named after what the caller can do next.

AnidanaError
├── ConfigError       tell the owner which setting to change
├── SetupError        a path, a permission or a tool is missing: mend the machine
├── NotFound          nothing by that name, or more than one: name it better
├── Held              a rule or another run holds it: wait, or change the rule
├── DiskFull          no room: pause, and go on once there is
├── NotOut            not offered in a wanted language yet: ask again later
├── NoStream          every mirror failed: show the owner what each one said
├── Damaged           what arrived is not the whole episode: try the next mirror
└── SourceError       a site, or the plugin that reads it, let us down
    ├── Gone          the media is no longer there: never retry
    ├── NotReady      still encoding or queued at the host: retry later
    ├── Refused       we are turned away or not answered for now: rest the host
    ├── NeedsPerson   a gate stands before the page: show it to the owner
    ├── Blocked       it points to where we never go: drop it
    ├── PageChanged   the page is not what the plugin knows: mend the plugin
    └── Crashed       the plugin has a bug: report it

Texts are sentences that a web page can show; they never hold a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Attempt


class AnidanaError(Exception):
    """Something went wrong that we know how to explain; `hint` says what to do about it."""

    word = "unexpected"
    """A stable word for programs, the same on the command line and in the API."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigError(AnidanaError):
    """A setting is wrong; the text names it and the remedy."""

    word = "setup.config"


class SetupError(AnidanaError):
    """The machine is not ready: a path, a permission, a missing tool."""

    word = "setup.machine"


class NotFound(AnidanaError):
    """Nothing goes by that name, or several things do; `candidates` are what it might have been."""

    word = "not_found"

    def __init__(self, message: str, *, candidates: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)


class Held(AnidanaError):
    """A rule, or another run on the same data, stands in the way for now."""

    word = "held"


class DiskFull(AnidanaError):
    """No room is left; what has been staged stays, and the job is paused."""

    word = "held.disk_full"


class NotOut(AnidanaError):
    """The episode is not offered, or not in a language that is wanted, for now."""

    word = "not_out"


class NoStream(AnidanaError):
    """No mirror delivered; `attempts` says what each of them answered."""

    word = "host.all_failed"

    def __init__(self, message: str, *, attempts: Sequence[Attempt] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.attempts = tuple(attempts)


class Damaged(AnidanaError):
    """What arrived is not the whole episode, or not a video at all."""

    word = "host.damaged"


class SourceError(AnidanaError):
    """A site, or the plugin that reads it, let us down; another mirror may still deliver."""

    code = "failed"


class Gone(SourceError):
    """The media is no longer there: never retry this mirror."""

    word = "site.gone"

    code = "gone"


class NotReady(SourceError):
    """The host is still working on the media: retry later."""

    word = "site.not_ready"

    code = "not_ready"


class Refused(SourceError):
    """We are turned away or not answered for now; `retry_after` is the site's own wish in seconds."""

    word = "site.refused"

    code = "refused"

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NeedsPerson(SourceError):
    """A gate stands before the page; `url` is where the owner can look at it. Gates are never solved."""

    word = "site.needs_person"

    code = "needs_person"

    def __init__(self, message: str, *, url: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.url = url


class Blocked(SourceError):
    """It points to an address, a scheme or a size that we never follow."""

    word = "site.blocked"

    code = "blocked"


class PageChanged(SourceError):
    """The page is not what the plugin knows: the plugin needs mending."""

    word = "plugin.page_changed"

    code = "page_changed"


class Crashed(SourceError):
    """The plugin has a bug; the cause is chained."""

    word = "plugin.crashed"

    code = "crashed"
