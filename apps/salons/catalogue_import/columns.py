"""The columns of a price list and every heading we know them by."""

from apps.common.imports.columns import SALON, Column, Columns

CODE = Column("code", "الرمز", "Code", ("رمز الخدمة", "كود", "الكود", "كود الخدمة", "service code", "sku"))
CATEGORY_AR = Column(
    "category_ar",
    "القسم بالعربية",
    "Category (Arabic)",
    ("القسم بالعربي", "القسم عربي", "القسم (عربي)", "الفئة بالعربية", "arabic category", "category ar"),
)
CATEGORY_EN = Column(
    "category_en",
    "القسم بالإنجليزية",
    "Category (English)",
    ("القسم بالانجليزي", "القسم انجليزي", "القسم (إنجليزي)", "الفئة بالإنجليزية", "english category", "category en"),
)
NAME_AR = Column(
    "name_ar",
    "الخدمة بالعربية",
    "Service (Arabic)",
    (
        "الخدمة بالعربي",
        "الخدمة عربي",
        "الاسم بالعربية",
        "الاسم العربي",
        "الاسم بالعربي",
        "arabic name",
        "name (arabic)",
        "name ar",
        "service ar",
    ),
)
NAME_EN = Column(
    "name_en",
    "الخدمة بالإنجليزية",
    "Service (English)",
    (
        "الخدمة بالانجليزي",
        "الخدمة انجليزي",
        "الاسم بالإنجليزية",
        "الاسم الإنجليزي",
        "الاسم بالانجليزي",
        "english name",
        "name (english)",
        "name en",
        "service en",
    ),
)
PRICE = Column(
    "price",
    "السعر شامل الضريبة",
    "Price incl. VAT",
    (
        "السعر",
        "سعر",
        "سعر الخدمة",
        "السعر بالريال",
        "السعر شامل ضريبة القيمة المضافة",
        "price",
        "price including vat",
        "price with vat",
        "price (sar)",
        "price incl vat sar",
        "price amount",
    ),
)
DURATION = Column(
    "duration",
    "المدة (دقائق)",
    "Duration (minutes)",
    ("المدة", "المدة بالدقائق", "مدة الخدمة", "الدقائق", "المدة (دقيقة)", "duration", "duration (min)", "minutes"),
)
BUFFER_BEFORE = Column(
    "buffer_before",
    "التجهيز قبل الخدمة (دقائق)",
    "Preparation before (minutes)",
    ("التجهيز قبل", "buffer before", "buffer before minutes", "preparation before"),
)
BUFFER_AFTER = Column(
    "buffer_after",
    "التنظيف بعد الخدمة (دقائق)",
    "Cleaning up after (minutes)",
    ("التنظيف بعد", "buffer after", "buffer after minutes", "cleaning up after"),
)
ACTIVE = Column(
    "active",
    "متاحة للحجز",
    "Can be booked",
    ("متاح للحجز", "متاحة", "مفعلة", "نشطة", "active", "is active", "bookable"),
)
DESCRIPTION_AR = Column(
    "description_ar", "الوصف بالعربية", "Description (Arabic)", ("الوصف العربي", "description ar", "arabic description")
)
DESCRIPTION_EN = Column(
    "description_en",
    "الوصف بالإنجليزية",
    "Description (English)",
    ("الوصف الإنجليزي", "description en", "english description"),
)
EXPORTED = (
    CODE,
    CATEGORY_AR,
    CATEGORY_EN,
    NAME_AR,
    NAME_EN,
    PRICE,
    DURATION,
    BUFFER_BEFORE,
    BUFFER_AFTER,
    ACTIVE,
    DESCRIPTION_AR,
    DESCRIPTION_EN,
)

# Headings that say what but not in which language. Side by side they take the language they are written in; alone,
# each cell of the column counts as Arabic or English by its own letters.
PLAIN = {
    "category_ar": ("القسم", "الفئة", "التصنيف", "المجموعة"),
    "category_en": ("category", "section", "group"),
    "name_ar": ("الخدمة", "اسم الخدمة", "الاسم"),
    "name_en": ("service", "service name", "name", "treatment"),
}
NEEDED = (("category_ar", "category_en"), ("name_ar", "name_en"), ("price",))
COLUMNS = Columns((SALON, *EXPORTED), needed=NEEDED, plain=PLAIN)
