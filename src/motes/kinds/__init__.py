"""All kinds of event, one folder and one line each."""

from motes.kinds import gabor, splat, strike, texture
from motes.kinds.kind import Kind

# The order in which scenes and files hold them.
KINDS: tuple[Kind, ...] = (gabor.KIND, texture.KIND, strike.KIND, splat.KIND)
