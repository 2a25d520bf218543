"""Trains a system on a split: everything of train.py. What is a system's own about it is in the system's folder."""
