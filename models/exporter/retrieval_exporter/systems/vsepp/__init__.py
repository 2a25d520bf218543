"""VSE++ (Faghri et al., BMVC 2018) on the mean of an image's regions: one vector an image and one a caption."""

from .system import Vsepp

__all__ = ["Vsepp"]
