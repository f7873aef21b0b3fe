from apps.accounts.admin import people, security

__all__ = ["people", "security"]
