"""The checksum of a write-ahead log (fileformat2.html, section 4.2), folded into large integers.

A step takes two words of 32 bits, x0 and x1: `s0 += x0 + s1; s1 += x1 + s0`. That is linear, so the steps of two halves
of the data can be taken side by side, a pair of words in each 64 bits of one integer: ten multiplications of large
integers for a page instead of a thousand steps.
"""

from __future__ import annotations

from functools import cache
from typing import Final

Sums = tuple[int, int]
#: A symmetric matrix ((p, q), (q, r)) modulo 2**32.
Matrix = tuple[int, int, int]

_WORD: Final = 0xFFFF_FFFF


def checksum(data: bytes, sums: Sums) -> Sums:
    """The sums after `data`, little-endian words, a multiple of 8 bytes."""
    folds, mask, (p, q, r) = _plan(len(data) // 8)
    pairs = int.from_bytes(data, "little")
    u = pairs & mask
    v = (pairs >> 32 & mask) + u & mask
    for bits, shift, low, lanes, (a, b, c) in folds:
        early_u, early_v = (u & low) << shift, (v & low) << shift
        u = (a * early_u & lanes) + (b * early_v & lanes) + (u >> bits) & lanes
        v = (b * early_u & lanes) + (c * early_v & lanes) + (v >> bits) & lanes
    return p * sums[0] + q * sums[1] + u & _WORD, q * sums[0] + r * sums[1] + v & _WORD


@cache
def _plan(pairs: int) -> tuple[tuple[tuple[int, int, int, int, Matrix], ...], int, Matrix]:
    """For each fold: the bits of the earlier half, by how many they are shifted below the later one, their mask, the
    mask of the later half, and what the steps in between make of a sum."""
    folds, left = [], pairs
    while left > 1:
        early, late = left // 2, left - left // 2
        folds.append((64 * early, 64 * (late - early), (1 << 64 * early) - 1, _lanes(late), _steps(late)))
        left = late
    return tuple(folds), _lanes(pairs), _steps(pairs)


def _lanes(count: int) -> int:
    return int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * count, "little")


def _steps(count: int) -> Matrix:
    """What `count` steps without data make of the sums: ((1, 1), (1, 2)) to that power."""
    p, q, r = 1, 0, 1
    a, b, c = 1, 1, 2
    while count:
        if count & 1:
            p, q, r = p * a + q * b & _WORD, p * b + q * c & _WORD, q * b + r * c & _WORD
        a, b, c = a * a + b * b & _WORD, a * b + b * c & _WORD, b * b + c * c & _WORD
        count >>= 1
    return p, q, r
