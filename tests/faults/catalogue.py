"""The faults by name: what is done, and what it may cost; everything else is forbidden to all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.campaign.harms import Harm, kill, lock
from tests.faults import disks, harms


@dataclass(frozen=True, slots=True)
class Cost:
    """What a fault may cost; a call that is dropped must be in the list of calls and of those to be called back.

    tail_s: sound that may be missing at the end of a recording; gap_s: within it.
    """

    drops_calls: bool = False  # nobody can help it: Asterisk itself dies
    cuts_talks: bool = False  # a talk may be torn; its citizen reaches an agent again
    tail_s: float = 1.0
    gap_s: float = 0.5
    unrecorded: bool = False  # and said so
    refuses_new: bool = False  # who rings meanwhile may get no answer at all
    leaves_journal: bool = False  # entries of ended calls may stay in Asterisk's database until a bridge starts


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail."""

    kind: str
    harm: Harm
    cost: Cost = Cost()


FREE = Cost()
DEAD_PBX = Cost(drops_calls=True, cuts_talks=True, tail_s=2.6, gap_s=3.0, refuses_new=True)
FAULTS: Mapping[str, Fault] = {
    "bridge killed": Fault("kill", kill("bridge")),
    "desk killed": Fault("kill", kill("desk")),
    "relay killed": Fault("kill", kill("relay")),
    "worker killed": Fault("kill", kill("worker")),
    "front killed": Fault("kill", kill("front")),
    "Asterisk killed": Fault("kill", harms.dead_pbx, DEAD_PBX),
    "bridge stopped 10 s": Fault("stop", harms.frozen("bridge", 10.0)),
    "desk stopped 10 s": Fault("stop", harms.frozen("desk", 10.0)),
    "worker stopped 10 s": Fault("stop", harms.frozen("worker", 10.0)),
    "relay stopped 10 s": Fault("stop", harms.frozen("relay", 10.0)),
    "front stopped 5 s": Fault("stop", harms.frozen("front", 5.0)),
    "Asterisk stopped 1.5 s": Fault("stop", harms.frozen("asterisk", 1.5), Cost(gap_s=2.0, tail_s=2.0, refuses_new=True)),
    "Asterisk stopped 8 s": Fault(
        "stop", harms.frozen("asterisk", 8.0), Cost(cuts_talks=True, gap_s=9.0, tail_s=9.0, refuses_new=True)
    ),
    "disk slow 10 s": Fault("disk", disks.slow(25)),
    "disk hangs 4 s": Fault("disk", disks.hanging(4.0), Cost(gap_s=5.0, tail_s=5.0)),
    "disk full 10 s": Fault("disk", disks.full(10.0), Cost(unrecorded=True, leaves_journal=True)),
    "3 of 100 packets lost 10 s": Fault("network", harms.lost_packets(3, 10.0)),
    "20 of 100 packets lost 5 s": Fault("network", harms.lost_packets(20, 5.0)),
    "telephony cut 1 s": Fault("network", harms.cut_telephony(1.0), Cost(gap_s=1.6, tail_s=1.6)),
    "telephony cut 6 s": Fault("network", harms.cut_telephony(6.0), Cost(cuts_talks=True, gap_s=7.0, tail_s=7.0, refuses_new=True)),
    "AMI half-open 12 s": Fault("network", harms.half_open_ami(12.0)),
    "Redis killed": Fault("redis", kill("redis")),
    "Redis stopped 10 s": Fault("redis", harms.frozen("redis", 10.0)),
    "Redis emptied": Fault("redis", harms.emptied_redis),
    "Redis evicts the view": Fault("redis", harms.evicting_redis),
    "Redis full 5 s": Fault("redis", harms.full_redis),
    "live view corrupted": Fault("snapshot", harms.corrupted_view),
    "mark of the live view corrupted": Fault("snapshot", harms.corrupted_mark),
    "changes of the live view corrupted": Fault("snapshot", harms.corrupted_delta),
    "dialplan's journal torn": Fault("snapshot", harms.torn_journal),
    "ledger's tail torn": Fault("ledger", disks.torn_ledger),
    "calls database locked 10 s": Fault("database", lock("calls")),
    "tickets database locked 10 s": Fault("database", lock("tickets")),
    "two bridges": Fault("bridge", harms.second_bridge),
    "bridge dies 6 times": Fault("bridge", harms.loop_of_deaths("bridge", 6, 1.2)),
    "desk dies 5 times": Fault("loop", harms.loop_of_deaths("desk", 5, 1.5)),
}
