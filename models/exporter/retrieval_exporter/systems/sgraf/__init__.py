"""SGRAF (Diao et al., AAAI 2021): similarity vectors, reasoned over by a graph (SGR) or filtered by attention (SAF)."""

from .system import Sgraf

__all__ = ["Sgraf"]
