"""The words of the house, used where a salon wrote none of its own. Placeholders: see `rendering.PLACEHOLDERS`."""

HOUSE_TEXTS: dict[str, dict[str, str]] = {
    "booking_received": {
        "ar": "{salon}: وصلنا طلب حجزك {service} يوم {date} الساعة {time}، وسنؤكده قريبا. رقم الحجز {reference}",
        "en": "{salon}: we received your request for {service} on {date} at {time} and will confirm it shortly. "
        "Booking {reference}",
    },
    "booking_confirmed": {
        "ar": "{salon}: تم تأكيد حجزك {service} مع {staff} يوم {date} الساعة {time}. رقم الحجز {reference}",
        "en": "{salon}: your booking is confirmed. {service} with {staff} on {date} at {time}. Booking {reference}",
    },
    "booking_moved": {
        "ar": "{salon}: تم تغيير موعدك. الموعد الجديد يوم {date} الساعة {time}، {service} مع {staff}. "
        "رقم الحجز {reference}",
        "en": "{salon}: your booking was moved. New time: {date} at {time}, {service} with {staff}. "
        "Booking {reference}",
    },
    "booking_cancelled": {
        "ar": "{salon}: تم إلغاء حجزك رقم {reference} يوم {date} الساعة {time}.",
        "en": "{salon}: your booking {reference} on {date} at {time} was cancelled.",
    },
    "payment_link": {
        "ar": "{salon}: لدفع {amount} عن {service} يوم {date} الساعة {time} استخدم الرابط {link} رقم الحجز {reference}",
        "en": "{salon}: please pay {amount} for {service} on {date} at {time} here: {link} Booking {reference}",
    },
    "payment_received": {
        "ar": "{salon}: استلمنا {amount} عن الحجز رقم {reference}. شكرا لك.",
        "en": "{salon}: we received {amount} for booking {reference}. Thank you.",
    },
    "refund_sent": {
        "ar": "{salon}: مبلغ {amount} عن الحجز رقم {reference} في طريقه إليك.",
        "en": "{salon}: a refund of {amount} for booking {reference} is on its way to you.",
    },
    "reminder": {
        "ar": "{salon}: تذكير بموعدك {service} مع {staff} يوم {date} الساعة {time}. رقم الحجز {reference}",
        "en": "{salon}: a reminder of your visit, {service} with {staff} on {date} at {time}. Booking {reference}",
    },
    "review_invitation": {
        "ar": "{salon}: شكرا لزيارتك. يسعدنا تقييمك لخدمة {service}. رقم الحجز {reference}",
        "en": "{salon}: thank you for your visit. We would be glad to read your review of {service}. "
        "Booking {reference}",
    },
    "phone_changed": {
        "ar": "{salon}: تم تغيير رقم جوالك لدينا، ولم يعد هذا الرقم يفتح حسابك. إن لم تكن أنت فتواصل معنا.",
        "en": "{salon}: the phone number of your account was changed; this number no longer opens it. "
        "If that was not you, please contact us.",
    },
}
