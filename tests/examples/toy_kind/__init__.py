"""A kind of event that motes does not have: beeps. All there is to it is this folder, and a line in `kinds.KINDS`."""

from motes.kinds.kind import Kind, Look
from toy_kind.table import Beep

KIND = Kind(Beep, b"B", Look("beep", "beeps", light="#00709a", dark="#5cc8f0", aux=("duration_s", "")))
