"""The benchmark `manage.py bench`: goals of speed and safety as ratios to partners measured in the same run.

`suites` puts it together, `report` judges and prints, `docs/performance.md` explains every line.
"""
