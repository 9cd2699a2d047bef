"""The one exception that ends a command with exit code 2."""


class CannotMeasure(Exception):
    """What was asked for can't be measured: a file, a commit or a backend is missing; the message says which."""
