"""The launcher's commands: run, prepare, part, restart, fetch, call, check-config."""

from __future__ import annotations

import argparse
import sys

from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import load_settings
from launcher.texts import complain


def main(arguments: list[str]) -> int:
    """Do what is asked; a refusal is one sentence and exit code 1, never a traceback."""
    parser = argparse.ArgumentParser(prog="python -m launcher")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="set up and start everything")
    preparing = commands.add_parser("prepare", help="do all that comes before the parts, for systemd and containers")
    preparing.add_argument("--patient", action="store_true", help="again and again until it works")
    becoming = commands.add_parser("part", help="become one part, for systemd and containers")
    becoming.add_argument("name", help="which part")
    becoming.add_argument("--log", action="store_true", help="write to log/NAME.log instead of standard output")
    restarting = commands.add_parser("restart", help="restart our parts one by one while calls run")
    restarting.add_argument("parts", nargs="*", help="which; all of ours if none is named")
    commands.add_parser("fetch", help="only obtain Asterisk, Redis and nginx")
    calling = commands.add_parser("call", help="a synthetic citizen rings (demo mode)")
    calling.add_argument("--line", help="the number that is dialled")
    calling.add_argument("--number", help="the number that is shown")
    commands.add_parser("check-config", help="explain every mistake in the settings")
    chosen = parser.parse_args(arguments)
    try:
        match chosen.command:
            case "run":
                from launcher.run import run

                return run()
            case "prepare":
                from launcher.prepare import prepare_alone, prepare_patiently

                (prepare_patiently if chosen.patient else prepare_alone)()
                return 0
            case "part":
                from launcher.part import become

                become(chosen.name, logs_to_file=chosen.log)
            case "restart":
                from launcher.rolling import restart

                restart(chosen.parts)
                return 0
            case "fetch":
                from asterisk_conf.render import module_names
                from launcher.fetch import obtain

                obtain(load_settings().cache, module_names())
                return 0
            case "call":
                from launcher.call import place_call

                place_call(load_settings(), chosen.line, chosen.number)
                return 0
            case _:
                from launcher.check_config import check_config

                return check_config()
    except (SettingsError, SetupError) as error:
        complain(error)
    except OSError as error:
        complain(SetupError("system", reason=error.strerror or str(error), what=error.filename or chosen.command))
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
