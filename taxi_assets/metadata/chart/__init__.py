"""The chart of a month: what is counted while its trips are written, and how the counts are drawn as SVG.

The SVG is written by hand: a plotting library would cost each run 45 MB of memory and half a second.
"""
