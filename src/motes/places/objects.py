"""Which objects there are in a bucket or at a web address."""

from __future__ import annotations

from motes.places.address import Address
from motes.places.place_error import PlaceError
from motes.places.stores import obstore, store_of


def is_object(address: Address) -> bool:
    """Whether there is one at this address."""
    if not address.key or address.key.endswith("/"):
        return False
    place, library = store_of(address), obstore()
    try:
        library.head(place.store, address.key)
    except FileNotFoundError:
        return False
    except Exception as error:
        raise PlaceError(place.why(error, "read")) from None
    return True


def is_prefix(address: Address) -> bool:
    """Whether there are objects below this address, as in a folder."""
    return address.is_bucket and bool(_keys_below(address, most=1))


def names_below(address: Address) -> list[str]:
    """The names of all objects below an address, without it; PlaceError for a web address, which tells of none."""
    if not address.is_bucket:
        raise PlaceError(f"what lies below {address} cannot be listed: name single files")
    start = address.key.rstrip("/")
    skipped = len(start) + 1 if start else 0
    return [key[skipped:] for key in _keys_below(address) if not key.endswith("/")]


def _keys_below(address: Address, most: int | None = None) -> list[str]:
    place, library, found = store_of(address), obstore(), list[str]()
    try:
        for chunk in library.list(place.store, address.key.rstrip("/") or None, chunk_size=most or 1000):
            found += [one["path"] for one in chunk]
            if most is not None and len(found) >= most:
                break
    except Exception as error:
        raise PlaceError(place.why(error, "read")) from None
    return found
