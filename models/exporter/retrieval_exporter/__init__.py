"""Turns checkpoints of published text-image matching models into bundles for RetrievalService."""

__version__ = "1.0.0"
