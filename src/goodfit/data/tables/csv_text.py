"""The bytes of a text file as UTF-8: as they are, or from Windows-1252, as spreadsheets of Western Europe write."""

import re

from goodfit.errors import InputError, problem

WINDOWS = "cp1252"
MOST = 30  # letters of a word that is shown
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its marks
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")  # a letter of it
_WINDOWS = ("cp1252", "cp1250", "cp1254", "cp1257")  # of Western and Central Europe, Turkey and the Baltic
_ISO = ("iso8859_2", "iso8859_9", "iso8859_13", "iso8859_15")  # the same, whose bytes below 0xa0 are no text


def _certain(byte: int) -> str:
    """The letter or sign that a byte is in all of these encodings; "" where they differ. Nobody writes the hook that
    \u00b2 is in Central Europe.
    """
    names = _WINDOWS + (_ISO if byte >= 0xA0 else ())
    found = {bytes([byte]).decode(name, "replace") for name in names}
    return found.pop() if len(found) == 1 and "\ufffd" not in found else "\u00b2" if byte == 0xB2 else ""


_KNOWN = "".join(map(_certain, range(0x80, 0x100)))
_LETTER = "".join(filter(str.isalpha, _KNOWN))
_LOWER = "".join(filter(str.islower, _LETTER))
_MARK = "".join(sign for sign in _KNOWN if not sign.isalnum() and sign not in "’–—·\u00a0")
_PLAIN = "\\x00-\\x7f"
_ANY = f"A-Za-z{_LETTER}"
_STRANGE = re.compile(  # what is another sign elsewhere, and what only other alphabets have in a row
    f"[^{_PLAIN}{re.escape(_KNOWN)}²]|[{_LETTER}][{_LETTER}](?<![{_LOWER}]{{2}})|[^{_PLAIN}]{{3}}"
    f"|[{_ANY}][{re.escape(_MARK)}][{_ANY}]|[{re.escape(_MARK)}]{{2}}|[{_ANY}]§|(?<![{_ANY}])[{_LETTER}]+(?![{_ANY}])"
)
CONVERT = (  # in the shell
    "python -c \"import pathlib; p = pathlib.Path({file!r}); p.with_stem(p.stem + '-utf8').write_bytes("
    "p.open('rb').read().decode('cp1252').encode())\""
)
_WORD = re.compile(rf"\w*[^{_PLAIN}]\w*")


class TextBytes:
    """Reads a file's bytes piece by piece, of whole records, as UTF-8.

    What is not UTF-8 is taken for Windows-1252 where all of its letters are the same in the other encodings of Latin
    letters, as those of German are: no piece holds letters of UTF-8, nor signs that would come of Chinese, Cyrillic or
    another encoding. What may be another text is refused.
    """

    def __init__(self, where: str) -> None:
        self._where, self._lines, self._utf_8, self._word = where, 0, False, ""

    def in_utf8(self, content: bytes) -> bytes:
        """A piece in UTF-8; InputError for what is no text in either encoding."""
        fault = "a zero byte" if b"\0" in content else ""
        if not self._lines and content.startswith(_UTF_16):
            fault = "UTF-16"
        found = content
        if not fault and not content.isascii():
            try:
                content.decode("utf-8")
                self._utf_8 = True
                fault = "UTF-8 below what is not" if self._word else ""
            except UnicodeDecodeError as error:
                fault = f"byte 0x{content[error.start]:02x} in line {self._line(content, error.start)}"
                read = None if self._utf_8 or _UTF_8.search(content) else _western(content)
                if read is not None:
                    self._word = self._word or _WORD.search(read)[0]  # type: ignore[index]
                    found, fault = read.encode(), ""
        if fault:
            raise InputError(problem(self._where, "must be text in UTF-8", got=fault, fix=self._fix(fault)))
        self._lines += content.count(b"\n")
        return found

    def _fix(self, fault: str) -> str:
        fix = "Save it as 'CSV UTF-8'."
        if not fault.startswith("byte") or not re.fullmatch(r"[\w./ -]+\.(csv|tsv)", self._where):
            return fix
        line = CONVERT.format(file=self._where)
        return f"{fix} Of Windows-1252, or another encoding named in its place, this line writes a copy: {line}"

    def _line(self, content: bytes, place: int) -> int:
        return self._lines + content.count(b"\n", 0, place) + 1

    def told(self) -> list[str]:
        """What there is to tell of the encoding."""
        if not self._word:
            return []
        words = f"If words look wrong, such as {self._word[:MOST]!r}, save it as 'CSV UTF-8'."
        return [f"Read as Windows-1252, since it is not UTF-8. {words}"]


def _western(content: bytes) -> str | None:
    """Bytes as Windows-1252; None where they are no text of Western Europe in it."""
    try:
        read = content.decode(WINDOWS)
    except UnicodeDecodeError:
        return None
    return None if _STRANGE.search(read) else read
