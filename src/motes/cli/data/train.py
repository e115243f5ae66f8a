"""motes train."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from motes.cli.console import print_json, say

NETWORKS = Literal["siam"]


def train(
    network: NETWORKS,
    *,
    config: str,
    resume: bool = False,
    device: str | None = None,
    json: Annotated[bool, Parameter(help="Report on standard output, one line of JSON as in the log.")] = False,
) -> int:
    """Train the network that a learned encoder goes by, on recordings with labels.

    It can be stopped at any moment, and goes on with --resume as if it had not been.

    Parameters
    ----------
    network
        Which one: `siam`, the network that hears events.
    config
        A TOML file of options: data, steps and so on; docs/training.md lists them.
    resume
        Go on from the checkpoint that the options name.
    device
        `cpu`, or `cuda` where there is one; by default that of the options.
    """
    from motes.training import train as run

    def tell(line: dict[str, float]) -> None:
        if json:
            print_json(line)
        else:
            say(f"step {line['step']:.0f} of {line['steps']:.0f}: loss {line['loss']:.3f}, {line['seconds']:.0f} s")

    path = run(network, config, resume=resume, device=device, progress=tell)
    say(f"trained: {path}")
    return 0
