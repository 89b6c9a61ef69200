"""`make prompts-report`: what a listener understands of every prompt and how loud it is, as docs/prompts.md.

Sentences stand as they are heard: the queue's places and average waits behind or before their neighbours, single syllables alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, Catalogue, Prompt, load_catalogue, recording_path
from ivr.loudness import samples_of, speech_level
from tests.speech import Recogniser, edit_distance, sounds_like

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "prompts.md"
TITLE: Final = """# Prompts

Every prompt of [ivr/prompts/catalogue.yaml](../ivr/prompts/catalogue.yaml) as a recogniser (Whisper base) writes it down, made by
`make prompts-report`. *Errors* is the character error rate: characters inserted, left out or wrong, over the length of the text,
without punctuation, in simplified characters, numbers spelled out. A homophone counts as an error; *sound* does not count it
(1.00: the same syllables, without tones). *Level* is the level of the speech in dBFS. *Made of* is the beginning of the fingerprint
in the catalogue.
"""
LONGEST_WORDS: Final = 80  # what it makes up has no end
_DIGITS: Final = "零一二三四五六七八九"
_FOLDED: Final = str.maketrans(  # the recogniser writes traditional characters now and then
    "習眾們兩務變問將對帶廳後愛掛撥時暫業機沒為無熱現發約緊絕給線繞繼續義職聽臨號裡訴話請謝證認論識車較輛輪轉輕辦這運還郵銀錄鍵鐘鐵鑄開離電靈馬魚",
    "习众们两务变问将对带厅后爱挂拨时暂业机没为无热现发约紧绝给线绕继续义职听临号里诉话请谢证认论识车较辆轮转轻办这运还邮银录键钟铁铸开离电灵马鱼",
)


def heard_with(prompt: Prompt) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys that a caller hears before and after this one."""
    if prompt.key.startswith("position-"):
        return (), ("wait-5", "queue-thankyou")
    if prompt.key.startswith("wait-"):
        return ("position-2",), ("queue-thankyou",)
    if prompt.key == "queue-beyond":
        return ("position-20",), ("queue-thankyou",)
    return (), ()


def error_rate(heard: str, said: str) -> float:
    """Character error rate of what was recognised, 0 being no error."""
    right, written = plain(said), plain(heard)
    return edit_distance(list(written), list(right)) / max(1, len(right))


def plain(text: str) -> str:
    """Simplified characters without punctuation; numbers of one or two digits as words, longer ones digit by digit."""
    folded = "".join(sign for sign in text.translate(_FOLDED) if sign.isalnum()).replace("幺", "一")
    return re.sub(r"\d+", lambda found: _spelled(found[0]), folded)


def _spelled(digits: str) -> str:
    if len(digits) == 2 and digits[0] != "0":
        tens, ones = int(digits[0]), int(digits[1])
        return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
    return "".join(_DIGITS[int(digit)] for digit in digits)


class Table:
    """Rows of the page; a prompt whose recordings are those of the page that is there is not heard again."""

    def __init__(self, catalogue: Catalogue, recogniser: Recogniser, earlier: str) -> None:
        self._catalogue = catalogue
        self._recogniser = recogniser
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in earlier.splitlines() if line.startswith("| `")]
        self._earlier = {(row[0].strip("`"), row[1], row[7]): row[2] for row in cells}

    def row(self, prompt: Prompt) -> str:
        """One line of the table."""
        before, after = heard_with(prompt)
        keys = (*before, prompt.key, *after)
        samples = {key: samples_of(recording_path(RECORDINGS_FOLDER, key)) for key in keys}
        said = "".join(self._catalogue.prompt(key).text for key in keys)
        heard = self._earlier.get((prompt.key, said, prompt.sha256[:8]))
        if heard is None:
            sound = np.concatenate([np.array(samples[key], dtype=np.int16) for key in keys])
            heard = self._recogniser.text_of(sound, 8000).translate(_FOLDED)[:LONGEST_WORDS] or "–"
        own = samples[prompt.key]
        cells = (
            f"`{prompt.key}`", said, heard, f"{100 * error_rate(heard, said):.0f} %", f"{sounds_like(heard, said):.2f}",
            f"{len(own) / 8000:.1f} s", f"{speech_level(own):.1f}", prompt.sha256[:8],
        )  # fmt: skip
        return "| " + " | ".join(cells) + " |"


def page(table: Table, catalogue: Catalogue) -> Iterable[str]:
    """The whole page, line by line; a prompt that is heard takes a second."""
    yield TITLE
    for title, prompts in (("What callers hear", catalogue.hotline), ("What the demo's carrier says", catalogue.demo)):
        yield f"## {title}\n"
        yield "| prompt | text | recognised | errors | sound | length | level | made of |"
        yield "|---|---|---|---|---|---|---|---|"
        rows = [table.row(prompt) for prompt in prompts]
        yield from rows
        rates = [float(line.split("|")[4].strip(" %")) for line in rows]
        levels = [float(line.split("|")[7]) for line in rows]
        yield f"\nMean error rate {sum(rates) / len(rates):.1f} %; level from {min(levels):.1f} to {max(levels):.1f} dBFS.\n"


def main() -> int:
    """Write the page."""
    catalogue = load_catalogue(CATALOGUE_PATH)
    earlier = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    text = "\n".join(page(Table(catalogue, Recogniser(), earlier), catalogue))
    PAGE.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    print("\n".join(line for line in text.splitlines() if line.startswith("Mean")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
