"""Title, artist and whatever else a recording says of itself, by the names of Vorbis comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from motes.errors import ParameterError

# Of all tags together, as they are stored: what is longer is a picture, not a tag.
MAX_TAGS_BYTES = 1 << 16


class TagMap(Mapping[str, tuple[str, ...]]):
    """Values by name, `tags["ARTIST"] == ("A", "B")`, in their order; frozen.

    Names are in capitals, of printable ASCII without `=`, as in Vorbis comments; a value is text or several.
    ParameterError where a name or a value is not, or all of them are longer than 64 KiB.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str | Iterable[str]] | None = None) -> None:
        found: dict[str, tuple[str, ...]] = {}
        for name, given in (values or {}).items():
            texts = (given,) if isinstance(given, str) else tuple(given)
            known = _checked_name(name)
            found[known] = found.get(known, ()) + tuple(_checked_text(known, text) for text in texts)
        self._values = {name: texts for name, texts in found.items() if texts}
        n_bytes = sum(len(line.encode()) + 4 for line in self.lines())
        if n_bytes > MAX_TAGS_BYTES:
            raise ParameterError(f"the tags take {n_bytes} bytes, more than {MAX_TAGS_BYTES}: is a picture among them?")

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._values[name.upper()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"TagMap({self._values!r})"

    def __reduce__(self) -> tuple[type[TagMap], tuple[dict[str, tuple[str, ...]]]]:
        return TagMap, (self._values,)

    def lines(self) -> list[str]:
        """`NAME=value`, as Vorbis comments have them, one for each value."""
        return [f"{name}={text}" for name, texts in self._values.items() for text in texts]

    @classmethod
    def of_lines(cls, lines: Iterable[str]) -> TagMap:
        """The inverse of `lines`; ParameterError for a line without a name."""
        found: dict[str, list[str]] = {}
        for line in lines:
            name, sign, text = line.partition("=")
            if not sign:
                raise ParameterError(f"a tag must be NAME=value, not {line[:40]!r}")
            found.setdefault(name.upper(), []).append(text)
        return cls(found)


def _checked_name(name: str) -> str:
    if not isinstance(name, str) or not name or not all(" " <= letter <= "}" and letter != "=" for letter in name):
        raise ParameterError(f"the name of a tag must be of printable ASCII without =, not {name!r:.60}")
    return name.upper()


def _checked_text(name: str, text: str) -> str:
    try:
        if not isinstance(text, str) or "\0" in text:
            raise ValueError
        text.encode()
    except ValueError:
        raise ParameterError(f"the tag {name} must be text, not {text!r:.60}") from None
    return text
