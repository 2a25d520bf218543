"""RDAN (Hu et al., IJCAI 2019): relation-wise dual attention. Convolutions over the table of all region-word
affinities let neighbouring pairs correct each other before either side attends."""

from .system import Rdan

__all__ = ["Rdan"]
