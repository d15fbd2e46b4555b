"""The picture of a month: what is counted while its trips stream by, and how the counts are drawn as SVG.

Written by hand: a plotting library would cost each run 45 MB and half a second.
"""
