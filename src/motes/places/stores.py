"""Where objects are kept, by way of obstore: buckets and web servers, and in one line what they refuse."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from motes.errors import MissingExtraError
from motes.places.address import Address
from motes.places.credentials import credentials
from motes.places.place_error import PlaceError

NO_CREDENTIALS = "there are no credentials for the bucket: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
# Where a machine of Amazon's is asked for credentials when there are no others.
_CREDENTIALS_ADDRESS = "169.254.169.254"
_CODE = re.compile(r"<Code>(\w+)</Code>")
_RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}


def obstore(what: str = "reading and writing buckets and web addresses") -> Any:
    """The library; MissingExtraError, for `what`, where it is not installed."""
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise MissingExtraError(what, "publish") from error
    return obstore


class Bucket:
    """A bucket and who we are to it, by an environment: AWS_ENDPOINT_URL (for others than Amazon), AWS_REGION …

    MissingExtraError without obstore, PlaceError where these make no sense.
    """

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        library = obstore()
        self.name, config = name, credentials(environment)
        self.is_anonymous = "skip_signature" in config
        self.endpoint = (environment.get("AWS_ENDPOINT_URL") or "").rstrip("/")
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or config.get("region")
        self.region = str(region or "us-east-1")
        if self.endpoint and not (
            self.endpoint.startswith(("http://", "https://")) and urlsplit(self.endpoint).hostname
        ):
            raise PlaceError(f"AWS_ENDPOINT_URL must be an address like https://s3.example.org, not {self.endpoint!r}")
        config |= {"region": self.region} | ({"endpoint": self.endpoint} if self.endpoint else {})
        client: Any = {"allow_http": self.endpoint.startswith("http://"), "connect_timeout": timedelta(seconds=10)}
        try:
            self.store = library.store.S3Store(name, config=config, client_options=client, retry_config=_RETRIES)
        except Exception as error:
            raise PlaceError(f"the bucket {name!r} or its address makes no sense: {first_line(error)}") from None

    def why(self, error: Exception, verb: str = "write to") -> str:
        """An error as one line: by the code that S3 answered with, else by its class."""
        no_permission = (
            f"the bucket {self.name!r} is not open to everybody, and there are no credentials: set AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            if self.is_anonymous
            else f"these credentials may not {verb} the bucket {self.name!r}"
        )
        other_region = f"the bucket is not in the region {self.region}: look at AWS_REGION"
        codes = {
            "NoSuchBucket": f"there is no bucket {self.name!r}",
            "InvalidAccessKeyId": "the access key is not known there: look at AWS_ACCESS_KEY_ID",
            "SignatureDoesNotMatch": "the secret key does not fit the access key: look at AWS_SECRET_ACCESS_KEY",
            "AuthorizationHeaderMalformed": other_region,
            "PermanentRedirect": other_region,
            "AccessDenied": no_permission,
        }
        words = str(error)
        if (code := _CODE.search(words)) and code[1] in codes:
            return codes[code[1]]
        # A writer passes on no class but OSError, and what never reached a server has none of its own: texts are left.
        if isinstance(error, obstore().exceptions.PermissionDeniedError) or "403 Forbidden" in words:
            return no_permission
        if "redirect without LOCATION" in words:
            return other_region
        if "error sending request" in words:
            return f"cannot reach {self.endpoint or 'Amazon S3'}: is there a network, and is the address right?"
        if _CREDENTIALS_ADDRESS in words:
            return NO_CREDENTIALS
        return f"the bucket {self.name!r} refused: {first_line(error)}"


class WebServer:
    """A host that answers HTTP."""

    def __init__(self, scheme: str, host: str, query: str) -> None:
        self.host = host
        client: Any = {"allow_http": scheme == "http", "connect_timeout": timedelta(seconds=10)}
        url = f"{scheme}://{host}" + (f"/?{query}" if query else "")
        try:
            self.store = obstore().store.HTTPStore.from_url(url, client_options=client, retry_config=_RETRIES)
        except MissingExtraError:
            raise
        except Exception as error:
            raise PlaceError(f"the address {scheme}://{host} makes no sense: {first_line(error)}") from None

    def why(self, error: Exception, verb: str = "read") -> str:
        """An error as one line."""
        words = str(error)
        if isinstance(error, obstore().exceptions.PermissionDeniedError) or "403 Forbidden" in words:
            return f"{self.host} does not let us {verb} it"
        if "401 Unauthorized" in words:
            return f"{self.host} wants a password"
        if "error sending request" in words:
            return f"cannot reach {self.host}: is there a network, and is the address right?"
        return f"{self.host} refused: {first_line(error)}"


def store_of(address: Address) -> Bucket | WebServer:
    """The bucket or web server of an address; the same one for the same environment."""
    about = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name == "HOME"}
    environment = tuple(sorted(about.items())) if address.is_bucket else ()
    return _store_of(address.scheme, address.root, address.query, environment)


@lru_cache(maxsize=16)
def _store_of(scheme: str, root: str, query: str, environment: tuple[tuple[str, str], ...]) -> Bucket | WebServer:
    return Bucket(root, dict(environment)) if scheme == "s3" else WebServer(scheme, root, query)


def first_line(error: Exception) -> str:
    """Of what obstore says, which goes on for pages, what matters."""
    return str(error).strip().split("\n")[0][:200]
