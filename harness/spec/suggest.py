"""Did-you-mean: every unknown name gets the nearest known one, or the list of what there is."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LISTED = 12


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence fragment to append to 'unknown …': the nearest known word, else the known ones (at most 12)."""
    names = list(dict.fromkeys(known))
    folded = {name.casefold(): name for name in reversed(names)}
    near = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    begun = [name for name in folded if len(word) >= 3 and name.startswith(word.casefold())]
    if near or begun:
        return f"did you mean {folded[(near or begun)[0]]!r}?"
    if not names:
        return "there is none"
    more = f", … ({len(names)} in all)" if len(names) > _LISTED else ""
    return f"known: {', '.join(names[:_LISTED])}{more}"
