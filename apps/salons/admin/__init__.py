from apps.salons.admin import catalogue, import_runs, people, salon, schedule, team

__all__ = ["catalogue", "import_runs", "people", "salon", "schedule", "team"]
