"""placeholder"""

from haac import Scene


def read_script(data: bytes, name: str) -> Scene:
    raise NotImplementedError
