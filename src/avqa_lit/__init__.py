"""Experiment framework for audio-visual question answering."""

__version__ = "0.1.0"
