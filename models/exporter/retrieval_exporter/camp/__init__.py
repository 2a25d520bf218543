"""CAMP (Wang et al., ICCV 2019): cross-modal adaptive message passing, in all its published variants."""
