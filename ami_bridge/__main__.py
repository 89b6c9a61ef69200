"""`python -m ami_bridge`: builds the bridge from the settings and runs it until SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys

from ami_bridge.connection import Connection
from ami_bridge.engine import Engine
from ami_bridge.intent_server import IntentServer
from ami_bridge.mending import Mender
from ami_bridge.menus import Menus
from ami_bridge.parties import PartyStore
from ami_bridge.protocol import Packet
from ami_bridge.pulse import Pulse
from ami_bridge.ring_watch import RingWatch
from ami_bridge.silence import AGENT, AGENT_S
from ami_bridge.silence_watch import SilenceWatch
from ami_bridge.standby import ledger_in_turn
from ami_bridge.telephones import TelephoneStore
from ami_bridge.view import Floor
from asterisk_conf.telephones import load_telephones
from asterisk_conf.trunks import silences, trunk_names
from hotline_core.adapters import clock
from hotline_core.adapters.ledger import LedgerTrouble, LedgerWriter
from hotline_core.adapters.live import LivePublisher
from hotline_core.adapters.secrets import load_or_make
from hotline_core.adapters.tasks import Tasks
from hotline_core.domain.dialling import Rules
from hotline_core.errors import HotlineError
from hotline_core.log import Log, open_log, take_over, where
from hotline_core.settings import Settings, load_city, load_settings
from ivr.check import faults
from ivr.menu import MENUS_FOLDER, load_menus, recording_lengths
from transfer.directory import parties_of
from transfer.model import Rules as TransferRules
from transfer.transfers import Transfers


async def serve(settings: Settings, log: Log) -> None:
    """Stand by while another bridge works, then run until SIGTERM or SIGINT.

    SystemExit if one of its tasks dies (the supervisor starts it again).
    """

    def trouble(what: LedgerTrouble) -> None:
        log.warning("ledger", what=what.what, detail=what.detail)

    def live_changed(state: str, reason: str) -> None:
        log.warning("live view", state=state, reason=reason)

    stop = asyncio.Event()
    failed: list[str] = []

    def task_died(name: str, error: BaseException) -> None:
        log.error("a task of the bridge died", task=name, kind=type(error).__name__, where=where(error))
        failed.append(name)
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    ledger = await ledger_in_turn(lambda: LedgerWriter(settings.paths.ledger, now=clock.now, on_trouble=trouble), stop, log)
    if ledger is None:
        log.info("bridge stopped")
        return
    secrets = load_or_make(settings.paths.secrets)
    live = LivePublisher(settings.redis, now=clock.now, on_change=live_changed)
    folder = settings.paths.played_prompts
    prompts = {path.relative_to(folder).with_suffix("").as_posix(): str(path.with_suffix("")) for path in folder.rglob("*.wav")}
    menus = load_menus(MENUS_FOLDER)
    city = load_city(settings.city_file)
    parties = {key: party.kind for key, party in city.outside_parties.items()}
    for menu in menus.values():
        for fault in faults(menu, recording_lengths(folder), parties, city.queues_of(menu.line)):
            log.error("a fault in a menu", line=menu.line, code=fault.code, node=fault.node)
    telephones = TelephoneStore(load_telephones(settings.is_loopback), log)
    trunks = trunk_names(city, settings.demo)
    directory = PartyStore(parties_of(city), log)
    mender = Mender(log)
    engine = Engine(
        ledger=ledger, live=live, log=log, log_key=secrets.log, menus=Menus(menus, prompts), telephones=telephones,
        directory=directory, transfers=Transfers(TransferRules(trunks)), floor=Floor.of(city), now=clock.now,
        rules=Rules(frozenset(city.lines), city.outgoing.allow), system_name=city.system_name,
        shown={key: line.shown or key for key, line in city.lines.items()},
        pulse=Pulse(now=clock.now, live=live, log=log, mender=mender, telephones=telephones),
    )  # fmt: skip

    def take_packet(packet: Packet) -> None:
        rings.see(packet)
        engine.take_packet(packet)

    link = Connection(
        "127.0.0.1", settings.ami_port, "bridge", secrets.ami, log=log,
        on_event=take_packet, on_up=engine.link_up, on_down=engine.link_down,
    )  # fmt: skip
    rings = RingWatch(link, relay=settings.paths.relay_socket, front=(settings.bind, settings.http_port), log=log)
    watch = SilenceWatch(link, {AGENT: AGENT_S, **silences(city, settings.demo)}, log)
    server = IntentServer(settings.paths.bridge_socket, engine.take_intent, log=log)
    tasks = Tasks(task_died)
    live.start()
    await server.start()
    tasks.spawn("engine", engine.run())
    tasks.spawn("screen", engine.screen.run())
    tasks.spawn("tick", engine.tick())
    tasks.spawn("telephones", telephones.run())
    tasks.spawn("directory", directory.run())
    tasks.spawn("mender", mender.run())
    tasks.spawn("silence", watch.run())
    tasks.spawn("rings", rings.run())
    tasks.spawn("link", link.run())
    log.info("bridge started")
    await stop.wait()
    await server.close()
    await tasks.close(1.0)
    await live.close()
    ledger.close()
    log.info("bridge stopped")
    if failed:
        raise SystemExit(1)


def main() -> None:
    """Entry point."""
    try:
        settings = load_settings()
        log = open_log("bridge", settings.log_level)
        take_over(log)
        asyncio.run(serve(settings, log))
    except HotlineError as error:
        sys.exit(f"bridge: {error}")


if __name__ == "__main__":
    main()
