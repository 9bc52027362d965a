"""All numbers that decide something in the matcher, one frozen dataclass a room."""
