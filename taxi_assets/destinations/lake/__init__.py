"""Raw, clean and quarantined months as files in a folder."""
