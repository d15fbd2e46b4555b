"""What starts runs or tells of them: jobs, schedules, sensors, and the record of runs that they read."""
