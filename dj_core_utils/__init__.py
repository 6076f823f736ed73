"""Configuration-first settings framework for Django services."""

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Read the version from the installed package when somebody asks for it."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415  # a start does not need it

        return version("dj-core-utils")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
