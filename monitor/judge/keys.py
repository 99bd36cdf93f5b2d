"""Short keys: any unique end of a key means it, `anthropic:default` or `main/anthropic:default` (PURE).

A key is `source/agent/profile`. Its short forms are what follows any of its slashes, and `source/profile`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator


class Keys:
    """The keys that a person can mean, found by any of their forms."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._by_form: dict[str, set[str]] = defaultdict(set)
        self._keys = frozenset(keys)
        for key in self._keys:
            for form in _forms(key):
                self._by_form[form].add(key)

    def find(self, word: str) -> tuple[str, ...]:
        """The keys that a word means, sorted: the one that it is, else all that it is a short form of."""
        return (word,) if word in self._keys else tuple(sorted(self._by_form.get(word, ())))

    def short(self, key: str) -> str:
        """The shortest text that means only this key."""
        whole = key.split("/", 2)[-1]  # a profile may have slashes of its own, and is not cut within
        forms = (form for form in _forms(key) if form.endswith(whole) and self.find(form) == (key,))
        return min(forms, key=len, default=key)

    def nearest(self, word: str) -> str:
        """The key or short form that looks most like a word that means none; "" where none does."""
        from difflib import get_close_matches

        near = next(iter(get_close_matches(word, self._by_form, n=1, cutoff=0.6)), "")
        found = self.find(near)
        return near if len(found) < 2 else self.short(found[0])


def _forms(key: str) -> Iterator[str]:
    """The key, and what may stand for it."""
    parts = key.split("/")
    yield from filter(None, ("/".join(parts[at:]) for at in range(len(parts))))
    if len(parts) > 2:
        yield "/".join((parts[0], *parts[2:]))
