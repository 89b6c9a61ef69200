"""Finding the Debian mirror of the machine in both formats of apt's sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.mirrors import Source, choose, codename_of, of_this_machine, parse_deb822, parse_one_line

pytestmark = pytest.mark.unit

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def test_a_classic_sources_list_is_read_with_and_without_options() -> None:
    """Comments, source packages and options do not hide the archive; the options' key is kept."""
    text = f"""# deb http://old.example/debian bookworm main
deb http://mirror.example/debian bookworm main contrib # near
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by={KEYRING}] https://other.example/debian bookworm-updates main
"""
    assert parse_one_line(text) == [
        Source("http://mirror.example/debian", "bookworm", ("main", "contrib"), ""),
        Source("https://other.example/debian", "bookworm-updates", ("main",), KEYRING),
    ]


def test_the_stanzas_of_a_debian_12_image_are_read() -> None:
    """Each stanza gives one source per address and suite; comments inside a stanza are skipped."""
    text = f"""Types: deb
# a frozen mirror
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: {KEYRING}

Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
    assert parse_deb822(text) == [
        Source("http://mirror.example/debian", "bookworm", ("main",), KEYRING),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",), KEYRING),
        Source("http://mirror.example/debian-security", "bookworm-security", ("main",), ""),
    ]


def test_a_switched_off_stanza_and_a_source_only_stanza_are_left_out() -> None:
    """`Enabled: no` and `Types: deb-src` give nothing to download programs from."""
    text = "Types: deb\nEnabled: no\nURIs: http://a.example/debian\nSuites: sid\nComponents: main\n\nTypes: deb-src\nURIs: http://b.example/\n"
    assert parse_deb822(text) == []


def test_continued_lines_belong_to_their_field() -> None:
    """A field may go on in indented lines, an inline key among them."""
    addresses = "URIs:\n http://a.example/debian\n http://b.example/debian\n"
    text = f"Types: deb\n{addresses}Suites: trixie\nComponents: main\nSigned-By:\n -----BEGIN\n .\n"
    assert [source.uri for source in parse_deb822(text)] == ["http://a.example/debian", "http://b.example/debian"]


def test_other_vendors_and_security_archives_are_not_taken_for_debian() -> None:
    """Only an archive of Debian itself has the testing suite; one signed by Debian's key comes first."""
    sources = [
        Source("https://vendor.example/linux/debian", "bookworm", ("stable",), "/etc/apt/keyrings/vendor.gpg"),
        Source("https://node.example/node_20.x", "nodistro", ("main",), "/usr/share/keyrings/node.gpg"),
        Source("http://security.example/debian-security", "bookworm-security", ("main",), KEYRING),
        Source("cdrom:[Debian]/", "bookworm", ("main",), ""),
        Source("http://plain.example/debian/", "bookworm", ("main",), ""),
        Source("http://mirror.example/debian", "bookworm", ("main",), KEYRING),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",), KEYRING),
    ]
    assert choose(sources, "bookworm") == ["http://mirror.example/debian", "http://plain.example/debian/"]


def test_a_machine_without_debian_sources_has_no_candidate() -> None:
    """An Ubuntu mirror never has Debian's suites."""
    assert choose([Source("http://archive.example/ubuntu", "noble", ("main",), "")], "bookworm") == []


def test_both_formats_of_one_machine_are_read_together(tmp_path: Path) -> None:
    """sources.list and sources.list.d count; files that apt ignores do not."""
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://a.example/debian bookworm main\n")
    (parts / "debian.sources").write_text("Types: deb\nURIs: http://b.example/debian\nSuites: bookworm\nComponents: main\n")
    (parts / "more.list").write_text("deb http://c.example/debian bookworm main\n")
    (parts / "more.list.save").write_text("deb http://d.example/debian bookworm main\n")
    assert [source.uri[7] for source in of_this_machine(tmp_path)] == ["a", "b", "c"]


def test_the_code_name_is_read_from_os_release() -> None:
    """Quoted or not; a system without one has an empty code name."""
    assert codename_of('ID=debian\nVERSION_CODENAME=bookworm\n') == "bookworm"
    assert codename_of('VERSION_CODENAME="trixie"') == "trixie"
    assert codename_of("ID=debian\n") == ""
