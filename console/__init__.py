"""bluegreen: the terminal operations console for blue/green applications on Kubernetes."""

__version__ = "0.1.0"
