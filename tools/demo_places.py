"""Makes the demo's place file from `signedin.server.demo_places`: run it after a change there.

    python tools/demo_places.py

The same networks always give the same bytes: the moment of building is fixed.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPNetwork, IPSet  # type: ignore[import-untyped]

from signedin.rules.location import Location
from signedin.server.demo_places import DEMO_DATABASE_TYPE, DEMO_NETWORKS, DEMO_PLACES_FILE

BUILT_AT = 1793491200  # 1 November 2026
EPOCH_FIELD = b"build_epoch"


def build(target: Path) -> None:
    """Writes the file; records are shaped like those of DB-IP City Lite."""
    writer = MMDBWriter(
        ip_version=6,
        ipv4_compatible=True,
        database_type=DEMO_DATABASE_TYPE,
        languages=["en"],
        description="Example addresses and places for the demo of Signedin",
    )
    for location, networks in DEMO_NETWORKS.values():
        writer.insert_network(IPSet(IPNetwork(network) for network in networks), record(location))
    writer.to_db_file(str(target))
    target.write_bytes(with_fixed_epoch(target.read_bytes()))


def record(location: Location) -> dict[str, object]:
    """A place as DB-IP City Lite writes it: names only, no codes of regions."""
    return {
        "city": {"names": {"en": location.city}},
        "country": {"iso_code": location.country},
        "location": {"latitude": location.latitude, "longitude": location.longitude},
        "subdivisions": [{"names": {"en": location.region}}],
    }


def with_fixed_epoch(written: bytes) -> bytes:
    """The file with `BUILT_AT` for the moment of building (MMDB: a uint64 of 1 to 8 bytes after its name)."""
    start = written.rindex(EPOCH_FIELD) + len(EPOCH_FIELD)
    length = written[start] & 0x1F
    if written[start + 1] != 2 or length != 4:
        raise ValueError("the moment of building is not where it was expected")
    return written[: start + 2] + struct.pack(">I", BUILT_AT) + written[start + 2 + length :]


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO_PLACES_FILE)
