"""placeholder"""


class Review:
    pass
