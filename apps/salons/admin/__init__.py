from apps.salons.admin import catalogue, people, salon, schedule, team

__all__ = ["catalogue", "people", "salon", "schedule", "team"]
