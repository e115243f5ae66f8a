"""motes publish: pages and files to a bucket."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from motes.cli.console import UsageError, print_json, progress_bar, say, tell
from motes.cli.many import Json
from motes.errors import ParameterError
from motes.library.publish import Published


def publish(
    *paths: str,
    bucket: str | None = None,
    prefix: str = "",
    public: bool = False,
    days: float = 7.0,
    dry_run: Annotated[bool, Parameter(help="Only say what would be sent, and to where.")] = False,
    json: Json = False,
) -> int:
    """Send files and folders to a bucket that speaks S3, with the types that browsers expect.

    What the bucket holds already, by its content, is not sent again: run it again after an interruption, or as often as
    you like. Nothing becomes public by this. The credentials are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the
    region AWS_REGION; AWS_ENDPOINT_URL names another service than Amazon's. Needs `pip install 'motes[publish]'`.

    Parameters
    ----------
    paths
        Files, such as what `motes report` makes, and folders with all that is in them.
    bucket
        Its name. Without it S3_BUCKET of the settings.
    prefix
        Stands before the name of each file in the bucket, like a folder.
    public
        Print a link for each file that anyone who has it can open. The bucket's own rules stay as they are.
    days
        How long such links work, at most 7 days.
    """
    from motes.library.publish import Bucket, plan_uploads, planned
    from motes.library.publish import publish as send
    from motes.settings import load_settings

    name = bucket or load_settings().s3_bucket.value
    if not name:
        raise UsageError("which bucket? --bucket NAME, or S3_BUCKET in the environment or .env")
    try:
        uploads = plan_uploads(paths, prefix)
    except ParameterError as error:
        raise UsageError(str(error)) from error
    if dry_run:
        outcomes = list(planned(uploads))
        for outcome in outcomes:
            _show(outcome, name, json)
        return 1 if any(outcome.status == "failed" for outcome in outcomes) else 0
    there, n_failed = Bucket(name), 0
    total, sent = max(1, sum(upload.n_bytes for upload in uploads)), 0
    with progress_bar(
        f"publishing {len(uploads)} files" if len(uploads) > 1 else f"publishing {uploads[0].path.name}"
    ) as progress:

        def on_bytes(n_bytes: int) -> None:
            nonlocal sent
            sent += n_bytes
            progress(sent / total)

        for done in send(uploads, there, link_days=days if public else None, on_bytes=on_bytes):
            n_failed += done.status == "failed"
            _show(done, name, json)
    return 1 if n_failed else 0


def _show(done: Published, bucket: str, json: bool) -> None:
    """One line about a file; its link on standard output."""
    upload = done.upload
    address = f"s3://{bucket}/{upload.key}"
    if json:
        sent = {
            "path": str(upload.path),
            "key": upload.key,
            "content_type": upload.content_type,
            "n_bytes": upload.n_bytes,
        }
        print_json(
            {"status": done.status, "address": address, "url": done.url, "link": done.link, "reason": done.reason}
            | sent
        )
        return
    if done.status == "failed":
        say(f"{upload.path}: {done.reason}")
        return
    status = {"published": "published", "present": "is there already", "planned": "would be published"}[done.status]
    tell(f"{upload.path}: {status} as {address} ({upload.content_type}, {upload.n_bytes} bytes)")
    print(done.link or done.url or address, flush=True)
