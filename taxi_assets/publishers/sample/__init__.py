"""The sample publisher: TLC-shaped months of made-up trips."""
