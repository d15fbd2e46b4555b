"""The sample publisher: months of made-up trips in TLC's layouts."""
