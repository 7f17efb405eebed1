"""detente: a negotiation as a case file, and six questions about it."""

__version__ = "0.1.0"
