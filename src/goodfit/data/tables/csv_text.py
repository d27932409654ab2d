"""The bytes of a text file as UTF-8: as they are, or from Windows-1252, as spreadsheets of Western Europe write."""

import re

from goodfit.errors import InputError, problem

WINDOWS = "cp1252"
MOST = 30  # letters of a word that is shown
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its marks
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")  # a letter of it
_LOWER, _MARK = "\u00df-\u00f6\u00f8-\u00ffšœž", "€…‘“”•«»°£§ª²³´µº½¿¡"
_LETTER = f"{_LOWER}\u00c0-\u00d6\u00d8-\u00deŠŒŽŸ"
_PLAIN = "\\x00-\\x7f"
_ANY = f"A-Za-z{_LETTER}"
_STRANGE = re.compile(  # what texts of Western Europe do not have, and those of other encodings do
    f"[^{_PLAIN}{_LETTER}{_MARK}’–—·\u00a0]|[{_LETTER}][{_LETTER}](?<![{_LOWER}]{{2}})|[^{_PLAIN}]{{3}}"
    f"|[{_ANY}][{_MARK}][{_ANY}]|[{_MARK}]{{2}}"
)
_WORD = re.compile(rf"\w*[^{_PLAIN}]\w*")


class TextBytes:
    """Reads a file's bytes piece by piece, of whole records, as UTF-8.

    What is not UTF-8 is taken for Windows-1252 where all of it can be text of Western Europe in it: no piece holds
    letters of UTF-8, nor signs that would come of Chinese, Cyrillic or another encoding.
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
            raise InputError(problem(self._where, "must be text in UTF-8", got=fault, fix="Save it as 'CSV UTF-8'."))
        self._lines += content.count(b"\n")
        return found

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
