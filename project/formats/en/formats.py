"""English pages: day before month as Saudi readers expect, 12-hour clock and the Saudi week from Sunday."""

DATE_FORMAT = "j M Y"
TIME_FORMAT = "g:i\N{NO-BREAK SPACE}A"
DATETIME_FORMAT = "j M Y, g:i\N{NO-BREAK SPACE}A"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j F"
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y, g:i\N{NO-BREAK SPACE}A"
FIRST_DAY_OF_WEEK = 0

# The same as in Arabic: a value typed or exported in one language must read the same in the other.
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%Y/%m/%d"]
TIME_INPUT_FORMATS = ["%H:%M", "%H:%M:%S", "%H:%M:%S.%f"]
DATETIME_INPUT_FORMATS = [
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%f",
    "%d/%m/%Y %H:%M",
]

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
