"""Local servers that speak the protocols of the outside world: TLC's CDN, Google Cloud Storage, BigQuery."""
