"""Who we are to a bucket: by the environment, by a profile of the AWS command line, or nobody (an open bucket)."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motes.places.place_error import PlaceError

_KEYS = {
    "access_key_id": "AWS_ACCESS_KEY_ID",
    "secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "token": "AWS_SESSION_TOKEN",
}
# What obstore finds by itself where the environment names it.
_BY_ITSELF = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_YES = ("1", "true", "yes", "on")


def credentials(environment: Mapping[str, str]) -> dict[str, Any]:
    """Options of an S3 store: keys, or nothing where obstore finds them by itself, or `skip_signature` where there are
    none. A region is among them where the profile names one.

    In this order: AWS_SKIP_SIGNATURE, keys in the environment, what the environment tells of containers and web
    identities, the profile AWS_PROFILE or `default`, the machine's role if AWS_EC2_METADATA_DISABLED is false.
    """
    if environment.get("AWS_SKIP_SIGNATURE", "").lower() in _YES:
        return {"skip_signature": True}
    if environment.get("AWS_ACCESS_KEY_ID"):
        return {option: environment[variable] for option, variable in _KEYS.items() if environment.get(variable)}
    if any(environment.get(variable) for variable in _BY_ITSELF):
        return {}
    found = _of_profile(environment)
    if "access_key_id" in found:
        return found
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "false":
        return found
    return found | {"skip_signature": True}


def _of_profile(environment: Mapping[str, str]) -> dict[str, Any]:
    """Keys and region of the profile; PlaceError where it was asked for and is not there or holds no keys."""
    name, home = environment.get("AWS_PROFILE", ""), Path(environment.get("HOME") or os.path.expanduser("~"))
    keys = _section(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws/credentials", name or "default")
    title = f"profile {name}" if name and name != "default" else "default"
    config = _section(environment.get("AWS_CONFIG_FILE") or home / ".aws/config", title)
    both = config | keys
    found = {"region": both["region"]} if both.get("region") else {}
    if both.get("aws_access_key_id"):
        found |= {option: both[variable.lower()] for option, variable in _KEYS.items() if both.get(variable.lower())}
    elif name:
        raise PlaceError(
            f"the profile {name} (AWS_PROFILE) holds no access key"
            if both
            else f"there is no profile {name} (AWS_PROFILE) in ~/.aws"
        )
    return found


def _section(path: str | os.PathLike[str], name: str) -> dict[str, str]:
    """The values of a section of a file; none where either is not there."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        raise PlaceError(f"{os.fspath(path)} is not written as the AWS command line writes it") from None
    return dict(parser[name]) if parser.has_section(name) else {}
