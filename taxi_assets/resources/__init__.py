"""What assets and sensors are handed: the publisher, the lake folder, Postgres, and the alert webhook."""
