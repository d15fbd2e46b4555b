"""A part of the suite at other dates, in other time zones and languages, and under another umask.

`python -m taxi_assets_tests.elsewhere` (or `make test-elsewhere`). `places.py` says where, `clock.py` moves the date.
"""
