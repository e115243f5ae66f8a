"""All kinds of event, one folder and one line each. `kinds.KINDS` is looked up when it is asked for, never copied."""

from motes.events.event_table import EventTable
from motes.kinds import detail, gabor, learned, splat, strike, texture, vector
from motes.kinds.kind import Kind

# The order in which scenes and files hold them.
KINDS: tuple[Kind, ...] = (gabor.KIND, texture.KIND, strike.KIND, splat.KIND, vector.KIND, detail.KIND, learned.KIND)


def named(name: str) -> Kind:
    """The kind of this name; KeyError where there is none."""
    return {kind.name: kind for kind in KINDS}[name]


def of(events: EventTable) -> Kind:
    """The kind of these events."""
    return named(events.KIND)
