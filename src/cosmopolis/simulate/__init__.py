"""Synthetic records in the true formats of sources, with a planted truth, at any scale.

They test the program and measure its speed; they say nothing about the world, and every file, name and
title of theirs says so. A module here may use all others; none uses this one.
"""
