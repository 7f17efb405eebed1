"""The workbench: a case in the browser, with live what-if. `serve` opens it; needs the extra ``web``."""

from detente.web.serve import serve

__all__ = ["serve"]
