"""Explainers: what a pair's score is made of, for people to see."""

from .explainer import Explainer
from .importance import largest_cosines, passed_on
from .outputs import NODES, REGIONS, WORDS, Output

__all__ = ["NODES", "REGIONS", "WORDS", "Explainer", "Output", "largest_cosines",
           "passed_on"]
