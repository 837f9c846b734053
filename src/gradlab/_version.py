"""The version, read by the build and by `gradlab --version`."""

__version__ = "0.1.0"
