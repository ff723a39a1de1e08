"""Which resources a content stream really uses (ISO 32000-1, 7.8 and table 51).

Two readers give the same answer. The fast one removes the strings and looks for names in front of the operators that
take them; it refuses to judge a stream with comments, inline images or nested parentheses. The exact one reads token
by token and also knows which character codes each font shows. A stream neither can read is refused, never kept.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

from app.documents.pdf.limits import RefusedPdfError

CATEGORY_OF = {
    b"Do": "/XObject",
    b"gs": "/ExtGState",
    b"Tf": "/Font",
    b"cs": "/ColorSpace",
    b"CS": "/ColorSpace",
    b"scn": "/Pattern",
    b"SCN": "/Pattern",
    b"sh": "/Shading",
}
_OPERATORS = frozenset(
    b"b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l M m MP n q Q re "
    b"RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' \" true false null".split()
)
_OPERATORS_WITHOUT_DIGITS = _OPERATORS | {b"d"}

_SPACE = rb"\x00\t\n\f\r "
_DELIMITER = rb"()<>\[\]{}/%"
_REGULAR = rb"[^" + _SPACE + _DELIMITER + rb"]"
_LITERAL_STRING = re.compile(rb"\([^()\\]*+(?:\\.[^()\\]*+)*+\)", re.DOTALL)
_STRING = re.compile(_LITERAL_STRING.pattern + rb"|<[0-9A-Fa-f" + _SPACE + rb"]*+>", re.DOTALL)
_NAME_AND_OPERATOR = re.compile(
    rb"/"
    + _REGULAR
    + rb"*+["
    + _SPACE
    + rb"]++(?:[-+.0-9]++["
    + _SPACE
    + rb"]++)?+(?:Do|gs|Tf|cs|CS|scn|SCN|sh)(?!"
    + _REGULAR
    + rb")"
)
_BLANKS = re.compile(rb"[" + _SPACE + rb"]+")
_DIGITS = b"0123456789.+-"
_DELIMITERS_TO_SPACE = bytes.maketrans(b"[]<>\x00", b"     ")
_EASY_BYTES = bytes({*range(0x20, 0x7F), *b"\x00\t\n\f\r"} - {*b"(){}%"})
_TOKEN = re.compile(
    rb"(?P<space>["
    + _SPACE
    + rb"]+)|(?P<comment>%[^\r\n]*)|(?P<name>/"
    + _REGULAR
    + rb"*)|(?P<hex><[0-9A-Fa-f"
    + _SPACE
    + rb"]*>)"
    rb"|(?P<mark><<|>>|\[|\])|(?P<open>\()|(?P<word>" + _REGULAR + rb"+)"
)
_NUMBER = re.compile(rb"[-+]*[0-9]*\.?[0-9]*(?:-[0-9]*)?")
_STRING_PIECE = re.compile(rb"[^()\\]+|\\(?:[0-7]{1,3}|\r\n|.)|[()]", re.DOTALL)
_ESCAPES = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r": b"",
    b"\r\n": b"",
}
_END_OF_INLINE_IMAGE = re.compile(rb"[" + _SPACE + rb"]EI(?=[" + _SPACE + rb"]|\Z)")
_NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_BUILT_IN_SPACES = frozenset(
    {"/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/Pattern", "/G", "/RGB", "/CMYK", "/I", "/Indexed"}
)
_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"'})

Use = tuple[str, str]
"""A resource category and a name in it, both as pikepdf spells them: ("/XObject", "/Im1")."""


def used_names(data: bytes) -> frozenset[Use]:
    """The resources `data` uses. Raises `RefusedPdfError` with `content_unreadable` when it cannot be read."""
    rest = (_STRING if b"<" in data else _LITERAL_STRING).sub(b" ", data)
    wording = rest.translate(None, _DIGITS)
    # Without numbers most lines are the same, so few are left to look at.
    lines = b"\n".join(set(wording.splitlines()))
    if lines.translate(None, _EASY_BYTES) or b"BI" in lines:
        return _exactly_used(data)
    _require_balanced(lines, wording)
    operators = {word.partition(b"/")[0] for word in lines.translate(_DELIMITERS_TO_SPACE).split()} - {b""}
    if not operators <= _OPERATORS_WITHOUT_DIGITS and b"BX" not in operators:
        return _exactly_used(data)
    return frozenset(map(_use, set(_NAME_AND_OPERATOR.findall(rest))))


@lru_cache(maxsize=4096)
def _use(operation: bytes) -> Use:
    """What `_NAME_AND_OPERATOR` found; the same few stand on every page."""
    words = _BLANKS.split(operation)
    return CATEGORY_OF[words[-1]], _decoded(words[0][1:])


def shown_codes(data: bytes, graphics_states_with_font: frozenset[str]) -> Mapping[str, set[int]]:
    """The codes each font shows, by its resource name; text shown before any font is chosen belongs to none."""
    shown: dict[str, set[int]] = {}
    font: str | None = None
    saved: list[str | None] = []
    for operator, operands in operations(data):
        if operator == b"Tf" and len(operands) == 2:
            font = _decoded(operands[0][1:])
        elif operator == b"gs" and operands and _decoded(operands[0][1:]) in graphics_states_with_font:
            font = None
        elif operator == b"q":
            saved.append(font)
        elif operator == b"Q" and saved:
            font = saved.pop()
        elif operator in _SHOWING and font is not None:
            for operand in operands:
                if operand[:1] in b"(<" and operand != b"<<":
                    shown.setdefault(font, set()).update(_string_bytes(operand))
    return shown


def operations(data: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """Every operator with its operand tokens, as written. An inline image is one operation `BI` with its dictionary."""
    operands: list[bytes] = []
    compatible = 0
    position = 0
    while position < len(data):
        token, position, kind = _next_token(data, position)
        if kind == "word" and token == b"BI":
            entries, position = _inline_image(data, position)
            yield b"BI", entries
            operands = []
        elif kind == "word" and token in _OPERATORS and token not in (b"true", b"false", b"null"):
            _require_paired(operands)
            compatible += (token == b"BX") - (token == b"EX")
            yield token, operands
            operands = []
        elif kind == "word" and not _NUMBER.fullmatch(token) and token not in (b"true", b"false", b"null"):
            if not compatible:
                raise RefusedPdfError("content_unreadable", "unknown operator")
            operands = []
        elif kind not in ("space", "comment"):
            operands.append(token)
    if operands:
        raise RefusedPdfError("content_unreadable", "it ends in the middle of an operation")


def _exactly_used(data: bytes) -> frozenset[Use]:
    used: set[Use] = set()
    for operator, operands in operations(data):
        if operator == b"BI":
            used.update(_inline_color_space(operands))
        elif operator in CATEGORY_OF:
            names = [token for token in operands if token[:1] == b"/"]
            if names:
                used.add((CATEGORY_OF[operator], _decoded(names[-1][1:])))
    return frozenset(used)


def is_built_in_space(name: str) -> bool:
    """Whether a colour space of this name needs no entry in the resources."""
    return name in _BUILT_IN_SPACES


def _inline_color_space(entries: list[bytes]) -> Iterator[Use]:
    for key, value in pairwise(entries):
        if (
            key in (b"/CS", b"/ColorSpace")
            and value[:1] == b"/"
            and not is_built_in_space(_decoded(value[1:]))
        ):
            yield "/ColorSpace", _decoded(value[1:])


def _require_balanced(lines: bytes, wording: bytes) -> None:
    """`lines` are the different lines of `wording`."""
    for opening, closing in ((b"[", b"]"), (b"<", b">")):
        if (opening in lines or closing in lines) and wording.count(opening) != wording.count(closing):
            raise RefusedPdfError("content_unreadable", "an array, a dictionary or a string is not closed")


def _require_paired(operands: list[bytes]) -> None:
    if operands.count(b"[") != operands.count(b"]") or operands.count(b"<<") != operands.count(b">>"):
        raise RefusedPdfError("content_unreadable", "an array or a dictionary is not closed")


def _next_token(data: bytes, position: int) -> tuple[bytes, int, str]:
    found = _TOKEN.match(data, position)
    if found is None or found.lastgroup is None:
        raise RefusedPdfError("content_unreadable", "unexpected delimiter")
    if found.lastgroup != "open":
        return found[0], found.end(), found.lastgroup
    end = found.end()
    depth = 1
    while depth:
        piece = _STRING_PIECE.match(data, end)
        if piece is None:
            raise RefusedPdfError("content_unreadable", "a string is not closed")
        depth += (piece[0] == b"(") - (piece[0] == b")")
        end = piece.end()
    return data[position:end], end, "string"


def _inline_image(data: bytes, position: int) -> tuple[list[bytes], int]:
    entries: list[bytes] = []
    while True:
        if position >= len(data):
            raise RefusedPdfError("content_unreadable", "an inline image is not closed")
        token, position, kind = _next_token(data, position)
        if kind == "word" and token == b"ID":
            break
        if kind not in ("space", "comment"):
            entries.append(token)
    for end in _END_OF_INLINE_IMAGE.finditer(data, position):
        # Picture bytes may spell " EI ": the real end is followed by something that reads as content.
        if _reads_on(data, end.end()):
            return entries, end.end()
    raise RefusedPdfError("content_unreadable", "an inline image is not closed")


def _reads_on(data: bytes, position: int) -> bool:
    """Whether the next few tokens after an inline image are plausible content."""
    try:
        for _ in range(12):
            if position >= len(data):
                return True
            token, position, kind = _next_token(data, position)
            if kind == "word" and token not in _OPERATORS and not _NUMBER.fullmatch(token):
                return False
    except RefusedPdfError:
        return False
    return True


def _string_bytes(token: bytes) -> bytes:
    if token[:1] == b"<":
        digits = bytes(byte for byte in token if byte in b"0123456789abcdefABCDEF")
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
    out = bytearray()
    for piece in _STRING_PIECE.findall(token[1:-1]):
        if piece[:1] != b"\\" or len(piece) == 1:
            out += piece
        elif piece[1:2].isdigit():
            out.append(int(piece[1:], 8) & 0xFF)
        else:
            out += _ESCAPES.get(piece[1:], piece[1:])
    return bytes(out)


def _decoded(name: bytes) -> str:
    try:
        return "/" + _NAME_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name).decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedPdfError("content_unreadable", "a resource name is not readable") from None
