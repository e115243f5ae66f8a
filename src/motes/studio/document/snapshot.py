"""A state of a document as bytes and back, to the last bit: unrounded, unlike a .mote file, and read by the version
of motes that wrote it.
"""

from __future__ import annotations

import importlib
import json
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import numpy as np

from motes.errors import FormatError
from motes.events.event_table import Mask
from motes.scene.scene import Scene
from motes.version import __version__

_MAGIC = b"motes snapshot 1\n"


def pack(scene: Scene, muted: Mask, about: dict[str, Any]) -> bytes:
    """A scene, what of it is muted, and what else there is to know in plain values."""
    arrays: list[bytes] = []
    tree = {"version": __version__, "about": about, "scene": _packed(scene, arrays), "muted": _packed(muted, arrays)}
    head = json.dumps(tree, separators=(",", ":")).encode()
    return b"".join([_MAGIC, len(head).to_bytes(8, "little"), head, *arrays])


def about_of(data: bytes) -> dict[str, Any]:
    """What else there is to know; FormatError where these are no such bytes."""
    return _tree(data)["about"]


def unpack(data: bytes) -> tuple[Scene, Mask, dict[str, Any]]:
    """The inverse of `pack`; FormatError where the bytes are damaged or of another version."""
    tree = _tree(data)
    start = len(_MAGIC) + 8 + int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 8], "little")
    try:
        scene, muted = (_unpacked(tree[name], memoryview(data)[start:]) for name in ("scene", "muted"))
        if not isinstance(scene, Scene) or muted.dtype != np.bool_ or muted.shape != (scene.n_events,):
            raise ValueError
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, msgspec.ValidationError) as error:
        raise FormatError(f"the unsaved work is damaged ({type(error).__name__})") from None
    return scene, muted, tree["about"]


def _tree(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[len(_MAGIC) : len(_MAGIC) + 8], "little")
    try:
        if not data.startswith(_MAGIC):
            raise ValueError
        tree: dict[str, Any] = json.loads(data[len(_MAGIC) + 8 : len(_MAGIC) + 8 + size])
        version = tree["version"]
    except (ValueError, KeyError, TypeError):
        raise FormatError("the unsaved work is damaged, or no work of motes") from None
    if version != __version__:
        raise FormatError(f"the unsaved work is of motes {version}, this is {__version__}")
    return tree


def _packed(value: Any, arrays: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        constant = value.size > 0 and not any(value.strides)
        stored = value.reshape(-1)[:1] if constant else np.ascontiguousarray(value)
        at = sum(map(len, arrays))
        arrays.append(stored.tobytes())
        return {"array": [str(value.dtype), list(value.shape), at, constant]}
    if isinstance(value, msgspec.Struct):
        return {
            "struct": _name(value),
            "fields": {name: _packed(getattr(value, name), arrays) for name in value.__struct_fields__},
        }
    if is_dataclass(value):
        return {
            "class": _name(value),
            "fields": {field.name: _packed(getattr(value, field.name), arrays) for field in fields(value)},
        }
    if isinstance(value, tuple | list):
        return {"list" if isinstance(value, list) else "tuple": [_packed(part, arrays) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _packed(part, arrays)] for key, part in value.items()]}
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(tree: Any, data: memoryview) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "array" in tree:
        dtype, shape, at, constant = tree["array"]
        n = 1 if constant else int(np.prod(shape, dtype=np.int64))
        values = np.frombuffer(data, np.dtype(dtype), n, at) if n else np.empty(0, np.dtype(dtype))
        return np.broadcast_to(values[0], shape) if constant else values.reshape(shape).copy()
    if "fields" in tree:
        made = {name: _unpacked(part, data) for name, part in tree["fields"].items()}
        return _class(tree.get("struct") or tree["class"])(**made)
    if "tuple" in tree:
        return tuple(_unpacked(part, data) for part in tree["tuple"])
    if "list" in tree:
        return [_unpacked(part, data) for part in tree["list"]]
    return {key: _unpacked(part, data) for key, part in tree["dict"]}


def _name(value: Any) -> str:
    return f"{type(value).__module__}:{type(value).__qualname__}"


def _class(name: str) -> Any:
    """A class of scenes by its name; no other is ever made."""
    module, _, own = name.partition(":")
    if not module.startswith("motes.scene.") or not own.isidentifier():
        raise ValueError(name)
    found = getattr(importlib.import_module(module), own)
    if not (isinstance(found, type) and (is_dataclass(found) or issubclass(found, msgspec.Struct))):
        raise ValueError(name)
    return found
