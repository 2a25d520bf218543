"""SCAN (Lee et al., ECCV 2018): stacked cross attention, text to image and image to text."""

from .system import Scan

__all__ = ["Scan"]
