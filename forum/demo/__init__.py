"""`haas demo`: an invented community on an empty site, small and believable, or of any size for benchmarks."""

from forum.demo.fill import DemoResult, NotEmpty, make_demo

__all__ = ["DemoResult", "NotEmpty", "make_demo"]
