"""The nine places of the demo, on addresses that are reserved for examples (RFC 5737, RFC 3849)."""

from __future__ import annotations

from pathlib import Path

from signedin.rules.location import Location

DEMO_PLACES_FILE = Path(__file__).with_name("demo_places.mmdb")
"""Made by `tools/demo_places.py` from what is written here; its kind is "Signedin-Demo-Places"."""

DEMO_DATABASE_TYPE = "Signedin-Demo-Places"

DEMO_NETWORKS: dict[str, tuple[Location, tuple[str, ...]]] = {
    "San Francisco": (
        Location("San Francisco", "California", "US", 37.7749, -122.4194),
        ("203.0.113.0/24", "2001:db8:31c::/48"),
    ),
    "Berlin": (Location("Berlin", "Berlin", "DE", 52.52, 13.405), ("198.51.100.0/25", "2001:db8:4f2::/48")),
    "Dublin": (Location("Dublin", "Leinster", "IE", 53.3498, -6.2603), ("198.51.100.128/25",)),
    "Ashburn": (Location("Ashburn", "Virginia", "US", 39.0438, -77.4874), ("192.0.2.0/26",)),
    "Adelaide": (
        Location("Adelaide", "South Australia", "AU", -34.9285, 138.6007),
        ("192.0.2.64/26", "2001:db8:7c1::/48"),
    ),
    "Austin": (Location("Austin", "Texas", "US", 30.2672, -97.7431), ("192.0.2.128/27", "2001:db8:5e3::/48")),
    "Tokyo": (Location("Tokyo", "Tokyo", "JP", 35.6762, 139.6503), ("192.0.2.160/27", "2001:db8:d0b::/48")),
    "São Paulo": (
        Location("São Paulo", "São Paulo", "BR", -23.5505, -46.6333),
        ("192.0.2.192/27", "2001:db8:a17::/48"),
    ),
    "Lisbon": (Location("Lisbon", "Lisbon", "PT", 38.7223, -9.1393), ("192.0.2.224/27", "2001:db8:e95::/48")),
}
"""Name -> the place with its region's name, as DB-IP Lite has it, and the networks that are there."""

DEMO_ADDRESSES: dict[str, list[str]] = {
    "San Francisco": ["203.0.113.24", "203.0.113.7", "203.0.113.180", "2001:db8:31c::42"],
    "Berlin": ["198.51.100.17", "198.51.100.90", "2001:db8:4f2:1::9"],
    "Dublin": ["198.51.100.140", "198.51.100.201"],
    "Ashburn": ["192.0.2.8", "192.0.2.31"],
    "Adelaide": ["192.0.2.77", "2001:db8:7c1::5"],
    "Austin": ["192.0.2.130", "2001:db8:5e3::11"],
    "Tokyo": ["2001:db8:d0b::23", "192.0.2.170"],
    "São Paulo": ["2001:db8:a17::77", "192.0.2.200"],
    "Lisbon": ["2001:db8:e95::6", "192.0.2.240"],
}
"""Name -> addresses to use in the demo."""
