"""What starts runs and reports on them: jobs, schedules, sensors, housekeeping, and the run history they read."""
