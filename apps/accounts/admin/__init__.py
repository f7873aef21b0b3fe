from apps.accounts.admin import people, privacy, security

__all__ = ["people", "privacy", "security"]
