"""Hostile input, made by hypothesis: nothing but an error for people, in bounded memory, and nothing is replaced."""
