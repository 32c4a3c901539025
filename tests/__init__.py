"""Tests of Portería."""
