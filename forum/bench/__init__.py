"""`haas bench`: how fast the site is, as ratios to floors measured in the same run."""

from forum.bench.run import bench

__all__ = ["bench"]
