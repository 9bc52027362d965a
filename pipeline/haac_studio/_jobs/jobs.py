"""placeholder"""


class Jobs:
    def close(self) -> None:
        pass
