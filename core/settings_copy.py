"""Settings as a backup holds them: without secrets, laid over those that are set, compared. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeAlias

Tree: TypeAlias = dict[str, Any]
Leaf: TypeAlias = tuple[tuple[str, ...], Any]


def without(value: Any, secrets: Collection[str]) -> Any:
    """The same without these texts, wherever they stand as a value."""
    match value:
        case dict():
            kept = {key: one for key, one in value.items() if not _is(one, secrets)}
            return {key: without(one, secrets) for key, one in kept.items()}
        case list():
            return [without(one, secrets) for one in value if not _is(one, secrets)]
    return value


def completed(tree: Tree, present: Tree, secrets: Collection[str]) -> Tree:
    """A tree without secrets, with those of the present one; a list that holds one stays as it is."""
    kept = [(path, value) for path, value in _leaves(present) if without(value, secrets) != value]
    kept += [(path, value) for path, value in _leaves(present) if _is(value, secrets)]
    return _grown([*_leaves(tree), *kept])


def differences(one: Tree, other: Tree) -> list[str]:
    """Paths of settings that differ; never a value, for it may be a secret."""
    before, after = dict(_leaves(one)), dict(_leaves(other))
    return sorted(
        ".".join(path)
        for path in before.keys() | after.keys()
        if path and before.get(path) != after.get(path)
    )


def _is(value: Any, secrets: Collection[str]) -> bool:
    return isinstance(value, str) and value in secrets


def _leaves(value: Any, above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every leaf with its path; a list is one."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, (*above, key))
    else:
        yield above, value


def _grown(leaves: list[Leaf]) -> Tree:
    tree: Tree = {}
    for path, value in leaves:
        branch = tree
        for key in path[:-1]:
            if not isinstance(branch.get(key), dict):
                branch[key] = {}
            branch = branch[key]
        if path:
            branch[path[-1]] = value
    return tree
