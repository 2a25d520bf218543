"""CAMP (Wang et al., ICCV 2019): cross-modal adaptive message passing, in all its published variants."""

from .system import Camp

__all__ = ["Camp"]
