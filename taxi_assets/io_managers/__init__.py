"""Where months go: one IO manager per kind of place, each a thin cover of a store in `taxi_assets.destinations`."""
