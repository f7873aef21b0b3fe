"""Arabic pages: Gregorian dates, Latin digits, a dot for decimals and the Saudi week from Sunday."""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "g:i\N{NO-BREAK SPACE}A"
DATETIME_FORMAT = "j F Y، g:i\N{NO-BREAK SPACE}A"
YEAR_MONTH_FORMAT = "F Y"
MONTH_DAY_FORMAT = "j F"
# Slashes, not dashes: a dash lets the bidirectional algorithm turn a date around after Arabic letters.
SHORT_DATE_FORMAT = "d/m/Y"
SHORT_DATETIME_FORMAT = "d/m/Y، g:i\N{NO-BREAK SPACE}A"
FIRST_DAY_OF_WEEK = 0

# The first of each list is also what an input shows. ISO order, because it means the same in both languages.
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
