"""Topics on the disk: what Asterisk plays is what was asked for, whatever happened in between."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest

from ivr.sound_file import LONGEST_S, SoundFault, seconds_of
from ivr.topics import Topic, Topics, UnknownRecording

pytestmark = pytest.mark.unit
NOW = 1_795_300_000.0


def sound(seconds: float = 1.0, *, rate: int = 8000, channels: int = 1, width: int = 2, value: int = 7) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(width)
        out.setframerate(rate)
        out.writeframes(bytes([value]) * int(seconds * rate * channels * width))
    return made.getvalue()


@pytest.fixture
def topics(tmp_path: Path) -> Topics:
    made = Topics(tmp_path / "announcements", tmp_path / "topics", ["12328", "12345"])
    made.add("fog", sound())
    return made


def test_callers_of_one_line_hear_the_topic_and_those_of_the_other_do_not(topics: Topics, tmp_path: Path) -> None:
    """The recording takes the place of the silence, per line."""
    topics.play_again()
    topics.set("12328", Topic("fog", True))
    assert (tmp_path / "topics/12328.wav").read_bytes() == sound()
    assert seconds_of_silence(tmp_path / "topics/12345.wav")


def test_who_plays_the_old_file_plays_it_to_its_end(topics: Topics, tmp_path: Path) -> None:
    """A new file takes the name; the open one stays whole."""
    topics.set("12328", Topic("fog", True))
    with (tmp_path / "topics/12328.wav").open("rb") as playing:
        topics.set("12328", Topic("fog", False))
        assert playing.read() == sound()
    assert seconds_of_silence(tmp_path / "topics/12328.wav")


def test_a_topic_survives_a_restart_and_ends_in_its_time(topics: Topics, tmp_path: Path) -> None:
    """A second process reads what the first one wrote; the end is due at `until`, not before."""
    topics.set("12345", Topic("fog", True, until=NOW + 10, by="supervisor1", since=NOW))
    again = Topics(tmp_path / "announcements", tmp_path / "topics", ["12328", "12345"])
    assert again.by_line["12345"] == Topic("fog", True, NOW + 10, "supervisor1", NOW)
    assert again.overdue(NOW + 9.9) == ()
    assert again.overdue(NOW + 10) == ("12345",)
    again.end("12345", NOW + 10)
    assert again.overdue(NOW + 11) == ()
    assert seconds_of_silence(tmp_path / "topics/12345.wav")


def test_a_stop_between_the_words_and_the_sound_is_made_good_at_the_start(topics: Topics, tmp_path: Path) -> None:
    """What was asked for is written first."""
    topics.set("12328", Topic("fog", True))
    (tmp_path / "topics/12328.wav").unlink()
    assert Topics(tmp_path / "announcements", tmp_path / "topics", ["12328"]).play_again() == ()
    assert (tmp_path / "topics/12328.wav").read_bytes() == sound()


def test_a_recording_taken_away_goes_on_for_callers_and_cannot_be_chosen_again(topics: Topics, tmp_path: Path) -> None:
    """Callers hear a copy."""
    topics.set("12328", Topic("fog", True))
    (tmp_path / "announcements/fog.wav").unlink()
    assert Topics(tmp_path / "announcements", tmp_path / "topics", ["12328"]).play_again() == ()
    assert (tmp_path / "topics/12328.wav").read_bytes() == sound()
    with pytest.raises(UnknownRecording):
        topics.set("12345", Topic("fog", True))
    assert not topics.by_line["12345"].on


def test_a_damaged_note_of_what_was_asked_for_means_silence(tmp_path: Path) -> None:
    """Half a file of a crash is no reason to fail."""
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics/12328.json").write_text('{"recording": "fo')
    made = Topics(tmp_path / "announcements", tmp_path / "topics", ["12328"])
    made.play_again()
    assert made.by_line["12328"] == Topic()
    assert seconds_of_silence(tmp_path / "topics/12328.wav")


@pytest.mark.parametrize("name", ["", "../fog", "a/b", "fog.wav", "x" * 41, "a\nb", ".hidden", "a b"])
def test_a_name_that_is_no_name_leads_nowhere(topics: Topics, name: str) -> None:
    """No path out of the folder, no line break into a log."""
    with pytest.raises(UnknownRecording):
        topics.recording(name)
    with pytest.raises(SoundFault, match="sound-name"):
        topics.add(name, sound())


def test_a_recording_is_not_overwritten_by_another_of_the_same_name(topics: Topics) -> None:
    """It may be playing, and somebody chose it for what it says."""
    with pytest.raises(FileExistsError):
        topics.add("fog", sound(2.0))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sound-no-wav"), (b"RIFF" + b"x" * 100, "sound-no-wav"), (sound(rate=16000), "sound-rate"),
        (sound(channels=2), "sound-channels"), (sound(width=1), "sound-bits"), (sound(0.05), "sound-empty"),
        (sound()[:-100], "sound-torn"), (sound(LONGEST_S + 1), "sound-too-long"), (bytes(2_000_000), "sound-too-long"),
        (sound().replace(b"fmt \x10\0\0\0", b"fmt \x10\0\0\2"), "sound-no-wav"),  # a chunk said to be longer than the file
    ],
)  # fmt: skip
def test_a_file_that_callers_could_not_hear_is_refused_with_what_is_wrong(data: bytes, code: str) -> None:
    """Each fault has its code."""
    with pytest.raises(SoundFault) as refused:
        seconds_of(data)
    assert refused.value.code == code


def test_files_an_operator_put_there_are_listed_with_their_faults(topics: Topics, tmp_path: Path) -> None:
    """A wrong file is told where it would be chosen."""
    (tmp_path / "announcements/odd.wav").write_bytes(sound(rate=44100))
    assert [(each.name, each.seconds, each.fault, each.about) for each in topics.recordings()] == [
        ("fog", 1.0, "", ""), ("odd", 0.0, "sound-rate", "44100"),
    ]  # fmt: skip


def seconds_of_silence(path: Path) -> bool:
    """True when the file can be played and holds nothing."""
    with wave.open(str(path)) as played:
        return played.getnframes() > 0 and not any(played.readframes(played.getnframes()))
