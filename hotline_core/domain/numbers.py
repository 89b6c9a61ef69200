"""Telephone numbers of China, as people, carriers and settings write them, and the one form they are kept and compared in.

The dialplan does the same by itself for each call (extensions_lines.conf, `number`); a test compares the two.
"""

from __future__ import annotations

import re

_MOBILE = re.compile(r"0(1[3-9][0-9]{9})")
_SHARED_COST = re.compile(r"[48]00[0-9]{7}")
_BEHIND_AREA_CODE = re.compile(r"(10|2[0-9]|[3-9][0-9]{2})([0-9]{5}|[0-9]{7,8})")
_SUBSCRIBER = re.compile(r"[2-8][0-9]{6,7}")
LONGEST_SHORT = 6  # digits: 12345, 95598, 965888; such a number is the same behind any area code


def national(written: str) -> str:
    """The number as it is dialled inside the country: no country code, mobiles without 0, area codes with it.

    From abroad 00 and all. Whatever is no digit is a separator, but a plus in front. No digits, no number: empty.
    """
    digits = "".join(sign for sign in written if sign in "0123456789")
    if written.lstrip().startswith("+"):
        digits = f"00{digits}"
    if digits.startswith("0086"):
        inside = digits[4:]
    elif digits.startswith("86") and len(digits) >= 9:  # shorter, it may be somebody's telephone: 8612345
        inside = digits[2:]
    else:
        mobile = _MOBILE.fullmatch(digits)
        return mobile.group(1) if mobile else digits
    if _BEHIND_AREA_CODE.fullmatch(inside) and not _SHARED_COST.fullmatch(inside):
        return f"0{inside}"
    return inside


def of_caller(written: str, area_code: str) -> str:
    """The national form of a caller's number; one of this city without its area code gets it."""
    number = national(written)
    return f"{area_code}{number}" if area_code and _SUBSCRIBER.fullmatch(number) else number


def dialled_forms(written: str, area_code: str) -> tuple[str, ...]:
    """What a call to this number may ask for, in national form, as patterns of the dialplan without their underscore."""
    number = national(written)
    if len(number) <= LONGEST_SHORT and not number.startswith("0"):
        return (number, f"010{number}", f"02X{number}", f"0[3-9]XX{number}", f"86{number}")
    if area_code and number.startswith(area_code) and _SUBSCRIBER.fullmatch(number.removeprefix(area_code)):
        return (number, number.removeprefix(area_code))
    if area_code and _SUBSCRIBER.fullmatch(number):
        return (number, f"{area_code}{number}")
    return (number,)
