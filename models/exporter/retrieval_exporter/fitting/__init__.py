"""Fits the coarse embedding and the order of hits of a checkpoint to a split: everything of fit_coarse.py."""
