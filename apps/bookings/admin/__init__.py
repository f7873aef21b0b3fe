from apps.bookings.admin.booking import BookingAdmin

__all__ = ["BookingAdmin"]
