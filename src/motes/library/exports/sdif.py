"""placeholder"""


def write_sdif(scene, handle): ...
