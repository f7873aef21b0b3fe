"""Every binding case of our list is named by a test: `AV16` in an id or docstring or `test_av16_…`, so that one search
finds its proof.

Left out are cases about rooms, packages, vouchers, commissions, gift cards, waiting lists, recurring visits, several
services in one visit, and about dragging visits in a calendar, which does not exist yet.
"""

import re
from pathlib import Path

import pytest

from project.env import BASE_DIR

CASES = {
    "availability": (
        "AV02 AV03 AV04 AV05 AV06 AV07 AV09 AV11 AV12 AV13 AV14 AV15 AV16 AV17 AV18 AV20 AV21 AV22 AV23 AV24 AV26 AV27"
        " AV28 AV30 AV31 AV32 AV39 AV40 AV41 AV42 AV44 AV45 AV46 AV47 AV48"
    ),
    "booking": (
        "BK01 BK02 BK04 BK05 BK06 BK07 BK08 BK09 BK10 BK12 BK13 BK15 BK16 BK17 BK18 BK19 BK22 BK27 BK28 BK30 BK31"
    ),
    "codes and signing in": (
        "OTP01 OTP02 OTP03 OTP05 OTP06 OTP07 OTP08 OTP09 OTP11 OTP13 OTP14 OTP15 OTP16 OTP18 OTP19 OTP20"
    ),
    "phone numbers": ("PH01 PH02 PH03 PH05 PH06 PH07 PH08 PH09 PH10 PH11 PH13 PH14 PH15 PH16 PH17"),
    "import and export": (
        "CSV01 CSV02 CSV03 CSV04 CSV05 CSV06 CSV08 CSV09 CSV10 CSV11 CSV12 CSV13 CSV15 CSV16 CSV18 CSV19 CSV20 CSV22"
    ),
    "rights and history": ("ADM01 ADM03 ADM04 ADM06 ADM07 ADM08 ADM09 ADM10 ADM11 ADM13 ADM17 ADM19 ADM20 ADM21"),
    "payments": ("PAY01 PAY03 PAY04 PAY05 PAY06 PAY07 PAY09 PAY10 PAY12 PAY13 PAY14 PAY15 PAY16 PAY17 PAY18"),
    "refunds": "RF01 RF02 RF03 RF05 RF06 RF07 RF08 RF10 RF11 RF12 RF13 RF18 RF19 RF20 RF21 RF22",
    "webhooks": "WH01 WH02 WH04 WH06 WH07 WH10 WH11 WH12 WH13 WH14 WH16 WH17 WH18",
    "messages": (
        "MSG01 MSG02 MSG03 MSG05 MSG06 MSG07 MSG08 MSG09 MSG10 MSG11 MSG13 MSG15 MSG16 MSG17 MSG18 MSG19 MSG20 MSG21"
        " MSG22 MSG23 MSG24"
    ),
    "tax documents": "VAT01 VAT02 VAT03 VAT05 VAT06 VAT07 VAT08 VAT09 VAT11 VAT13 VAT14 VAT15 VAT16",
    "privacy": "PR01 PR02 PR04",
    "moving, cancelling, not coming": "RS01 RS03 RS05 RS06 RS07 RS08 RS09 RS10 RS12 RS13 RS16 RS17 RS19",
}
KINDS = "AV|BK|RS|PAY|RF|WH|MSG|VAT|OTP|PH|CSV|ADM|PR"
# In the name of a test, in its docstring, or at the beginning of a text that a parametrised test takes for its id.
NAMED = re.compile(rf"def test_\w+|\"\"\"[^\n]*?(?:{KINDS})\d\d\b[^\n]*|[\"'](?:{KINDS})\d\d\b", re.IGNORECASE)
CASE = re.compile(rf"(?<![a-z])(?:{KINDS})\d\d(?!\d)", re.IGNORECASE)


def named_cases():
    """Numbers of cases that stand in a test's name or id."""
    files = {*BASE_DIR.glob("apps/*/tests/**/test_*.py"), *BASE_DIR.glob("project/tests/**/test_*.py")}
    texts = " ".join(path.read_text() for path in files - {Path(__file__)})
    return {case.upper() for name in NAMED.findall(texts) for case in CASE.findall(name)}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_every_case_is_named_by_a_test(cases):
    assert sorted(set(cases.split()) - named_cases()) == []
