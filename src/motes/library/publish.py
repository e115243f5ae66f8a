"""Files to a bucket of an object store that speaks S3: only what is not there yet, whole or not at all, and never
public by itself.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from motes.errors import MotesError, ParameterError
from motes.files import digest_of
from motes.places import PlaceError, stores
from motes.places.stores import NO_CREDENTIALS, obstore
from motes.places.upload import PART, content_type
from motes.settings import load_settings

# Under this name an object's metadata hold the digest of its content.
DIGEST = "sha256"
# Bytes read at once.
CHUNK = 1 << 20
# Longer keys S3 refuses.
MOST_KEY_BYTES = 1024
# S3 signs for no longer.
LONGEST_LINK_DAYS = 7
OnBytes = Callable[[int], None]


class PublishError(MotesError):
    """The bucket cannot be reached, is not there, or does not let us in."""


class ChangedError(MotesError):
    """A file changed while it was being sent; nothing was published of it."""


@dataclass(frozen=True)
class Upload:
    """A file, the key it will have in the bucket, and what it is."""

    path: Path
    key: str
    content_type: str
    n_bytes: int


@dataclass(frozen=True)
class Published:
    """What became of an upload: `status` is "published", "present" (its content is there already), "planned" or
    "failed", then with a `reason`.
    """

    upload: Upload
    status: str
    url: str = ""
    # Where anybody who has it can open the object for some days, if that was asked for.
    link: str = ""
    reason: str = ""


def plan_uploads(paths: Iterable[str | os.PathLike[str]], prefix: str = "") -> list[Upload]:
    """The uploads that files and folders mean: a folder all files in it, hidden ones left out, under its own name.

    Pages come last, so that what they point to is there first. `prefix` stands before each key. ParameterError for what
    is not there, for a folder without files, and for two files with one key.
    """
    found: dict[str, Path] = {}
    start = "".join(f"{part}/" for part in prefix.split("/") if part)
    for given in map(Path, paths):
        for path, name in _files(given):
            key = start + name
            if found.setdefault(key, path) != path:
                raise ParameterError(
                    f"{found[key]} and {path} would both become {key}: publish them with different prefixes"
                )
    if not found:
        raise ParameterError("nothing to do: name at least one file or folder")
    uploads = [Upload(path, key, content_type(path.name), path.stat().st_size) for key, path in found.items()]
    return sorted(uploads, key=lambda upload: upload.content_type.startswith("text/html"))


def _files(given: Path) -> Iterator[tuple[Path, str]]:
    """The files that a path means, each with its name below it."""
    if given.is_file():
        yield given, given.name
        return
    if not given.is_dir():
        raise ParameterError(f"there is no file or folder {given}")
    inside = [
        path
        for path in sorted(given.rglob("*"))
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(given).parts)
    ]
    if not inside:
        raise ParameterError(f"the folder {given} holds no files")
    top = given.resolve().name
    yield from ((path, "/".join(filter(None, (top, path.relative_to(given).as_posix())))) for path in inside)


def why_no_key(key: str) -> str:
    """Why an object cannot have this key, a part of a sentence; empty where it can."""
    if any("\ud800" <= character <= "\udfff" for character in key):
        return "its name is not UTF-8, which no bucket takes: rename it"
    if any(not character.isprintable() for character in key):
        return f"its name holds {next(c for c in key if not c.isprintable())!r}, which no address can: rename it"
    if len(key.encode()) > MOST_KEY_BYTES:
        return f"its name takes {len(key.encode())} bytes, more than the {MOST_KEY_BYTES} that a bucket takes"
    return ""


def planned(uploads: Iterable[Upload]) -> Iterator[Published]:
    """What would become of each upload, as far as can be told without asking the bucket."""
    for upload in uploads:
        reason = why_no_key(upload.key)
        yield Published(upload, "failed" if reason else "planned", reason=reason)


class Bucket:
    """A bucket to publish to; where it is and who we are comes from the environment: AWS_ENDPOINT_URL (for others than
    Amazon), AWS_REGION, AWS_ACCESS_KEY_ID …

    MissingExtraError without obstore, PublishError without credentials.
    """

    def __init__(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        self.name, self._obstore = name, obstore("publishing")
        try:
            self._place = stores.Bucket(name, os.environ if environment is None else environment)
        except PlaceError as error:
            raise PublishError(str(error)) from None
        if self._place.is_anonymous:
            raise PublishError(NO_CREDENTIALS)
        self._store, self.endpoint, self.region = self._place.store, self._place.endpoint, self._place.region

    def holds(self, upload: Upload, digest: str) -> bool:
        """Whether an object of this key has this content and type."""
        try:
            there = self._obstore.get(self._store, upload.key, options={"head": True})
        except (FileNotFoundError, self._obstore.exceptions.PermissionDeniedError):
            return False  # without the right to list a bucket, S3 forbids to ask for what is not there
        except Exception as error:
            raise self._explained(error) from None
        return there.attributes.get(DIGEST) == digest and there.attributes.get("Content-Type") == upload.content_type

    def put(self, upload: Upload, digest: str, on_bytes: OnBytes) -> None:
        """Send a file; `on_bytes` is called with each number of bytes sent. Interrupted, it leaves nothing that can be
        seen in the bucket.
        """
        attributes = {"Content-Type": upload.content_type, DIGEST: digest}
        sent = hashlib.sha256()
        with open(upload.path, "rb") as handle:
            try:
                writer = self._obstore.open_writer(self._store, upload.key, attributes=attributes, buffer_size=PART)
                while chunk := handle.read(CHUNK):
                    sent.update(chunk)
                    writer.write(chunk)
                    on_bytes(len(chunk))
                if sent.hexdigest() != digest:
                    raise ChangedError(f"{upload.path} changed while it was being sent: publish it again")
                writer.close()  # only now is there an object
            except (MotesError, KeyboardInterrupt):
                raise
            except Exception as error:
                raise self._explained(error) from None

    def url(self, key: str) -> str:
        """The address of an object, for those who may read the bucket."""
        base = (
            f"{self.endpoint}/{self.name}" if self.endpoint else f"https://{self.name}.s3.{self.region}.amazonaws.com"
        )
        return f"{base}/{quote(key)}"

    def link(self, key: str, days: float) -> str:
        """An address that anybody may open for so many days, at most seven."""
        if not 0 < days <= LONGEST_LINK_DAYS:
            raise ParameterError(f"a link can be open for up to {LONGEST_LINK_DAYS} days, not {days:g}")
        return str(self._obstore.sign(self._store, "GET", key, timedelta(days=days)))

    def _explained(self, error: Exception) -> PublishError:
        """The error as one line."""
        return PublishError(self._place.why(error))


def publish(
    uploads: list[Upload], bucket: Bucket, *, link_days: float | None = None, on_bytes: OnBytes = lambda _: None
) -> Iterator[Published]:
    """What becomes of each upload, one after the other: sent if the bucket does not hold it yet; a file that cannot be
    read fails alone, PublishError ends it.

    Run again, it goes on where it was interrupted. With `link_days` each comes with a link that anybody may open for
    that long.
    """
    if link_days is not None:
        bucket.link("x", link_days)  # a mistake is seen before anything is sent
    for upload in uploads:
        if reason := why_no_key(upload.key):
            yield Published(upload, "failed", reason=reason)
            on_bytes(upload.n_bytes)
            continue
        n_sent = 0

        def count(n_bytes: int) -> None:
            nonlocal n_sent
            n_sent += n_bytes
            on_bytes(n_bytes)

        try:
            digest = digest_of(upload.path)
            status = "present" if bucket.holds(upload, digest) else "published"
            if status == "published":
                bucket.put(upload, digest, count)
        except (OSError, ChangedError) as error:
            yield Published(upload, "failed", reason=str(error))
        else:
            link = "" if link_days is None else bucket.link(upload.key, link_days)
            yield Published(upload, status, bucket.url(upload.key), link)
        on_bytes(upload.n_bytes - n_sent)


def publish_files(
    paths: Iterable[str | os.PathLike[str]],
    bucket: str | None = None,
    prefix: str = "",
    link_days: float | None = None,
    dry_run: bool = False,
) -> Iterator[Published]:
    """Send files and folders to a bucket, by default S3_BUCKET of the settings; a dry run sends nothing."""
    name = bucket or load_settings().s3_bucket.value
    if not name:
        raise ParameterError("which bucket? name it, or set S3_BUCKET in the environment or .env")
    uploads = plan_uploads(paths, prefix)
    if dry_run:
        return planned(uploads)
    return publish(uploads, Bucket(name), link_days=link_days)
