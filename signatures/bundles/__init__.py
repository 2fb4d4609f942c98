"""Bundles: packs of rules that travel signed, and the place where those in force lie.

`build` and `open_bundle` know the form of the file; `install`, `installed` and `current` know the place. Rules are
data only: nothing in a bundle is executed, and its patterns pass the linter's safety lints before they come into
force.
"""

from signatures.bundles.form import FORMAT, MEDIA_TYPE, Bundle, BundleRefused, Header, build, open_bundle, peek
from signatures.bundles.shelf import (
    Installed,
    check_rules,
    current,
    install,
    install_bytes,
    installed,
    newest_whole,
    put_in_force,
    read_bundle,
    refuse_expired,
    remembered_key,
)

__all__ = [
    "FORMAT",
    "MEDIA_TYPE",
    "Bundle",
    "BundleRefused",
    "Header",
    "Installed",
    "build",
    "check_rules",
    "current",
    "install",
    "install_bytes",
    "installed",
    "newest_whole",
    "open_bundle",
    "peek",
    "put_in_force",
    "read_bundle",
    "refuse_expired",
    "remembered_key",
]
