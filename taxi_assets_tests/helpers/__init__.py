"""What several tests share: Dagster started in each of its ways; months published and run, and what became of them."""
