"""Where the streams of a chained Ogg file begin: RFC 3533 lets one follow another, and libsndfile reads the first."""

from __future__ import annotations

from motes.audio.streams import Span, View

_PAGE_BYTES = 27
_FIRST_PAGE = 2  # the flag of a page that begins a stream
_SEARCH_BYTES = 2**16


def ogg_spans(view: View) -> list[Span]:
    """The streams one after another; those that run side by side, such as sound and picture, begin together and are
    one.
    """
    starts, at, began = [0], 0, True
    while head := view_at(view, at, _PAGE_BYTES + 255):
        if head[:4] != b"OggS" or len(head) < _PAGE_BYTES:
            found = _next_page(view, at + 1)
            if found is None:
                break
            at = found
            continue
        begins = bool(head[5] & _FIRST_PAGE)
        if begins and not began:
            starts.append(at)
        began = begins
        n_segments = head[26]
        at += _PAGE_BYTES + n_segments + sum(head[_PAGE_BYTES : _PAGE_BYTES + n_segments])
    ends = [*starts[1:], None]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True)]


def view_at(view: View, at: int, n_bytes: int) -> bytes:
    """Some bytes from somewhere."""
    view.seek(at)
    return view.read(n_bytes)


def _next_page(view: View, at: int) -> int | None:
    while piece := view_at(view, at, _SEARCH_BYTES):
        found = piece.find(b"OggS")
        if found >= 0:
            return at + found
        if len(piece) < _SEARCH_BYTES:
            break
        at += len(piece) - 3
    return None
