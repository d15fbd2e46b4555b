"""What the assets work with: publishers of trip files and a Postgres server of our own."""
