"""What the fake Supervisor answers: an idle machine with no update, no problem and no add-on."""

from __future__ import annotations

from typing import Any

_VERSION = {"version": "2026.11.0", "version_latest": "2026.11.0", "update_available": False}
_ARCH = {"arch": "amd64", "supported": True, "channel": "stable", "logging": "info"}
_STATS = {
    **dict.fromkeys(("cpu_percent", "memory_percent"), 0.0),
    **dict.fromkeys(("memory_usage", "memory_limit"), 1),
    **dict.fromkeys(("network_rx", "network_tx", "blk_read", "blk_write"), 0),
}

ANSWERS: dict[str, Any] = {
    "/addons": {"addons": []},
    "/available_updates": {"available_updates": []},
    "/backups": {"backups": []},
    "/core/info": {
        **_VERSION,
        **dict.fromkeys(("machine", "arch", "audio_input", "audio_output")),
        **dict.fromkeys(("ssl", "backups_exclude_database", "duplicate_log_file"), False),
        "boot": True,
        "watchdog": True,
        "port": 8123,
        "ip_address": "127.0.0.1",
        "image": "home-assistant",
    },
    "/core/stats": _STATS,
    "/host/info": {
        **dict.fromkeys(("agent_version", "apparmor_version", "chassis", "virtualization", "cpe")),
        **dict.fromkeys(("deployment", "disk_life_time", "llmnr_hostname", "kernel", "timezone")),
        **dict.fromkeys(("dt_utc", "dt_synchronized", "use_ntp", "startup_time")),
        **dict.fromkeys(("boot_timestamp", "broadcast_llmnr", "broadcast_mdns")),
        "disk_free": 10.0,
        "disk_total": 20.0,
        "disk_used": 10.0,
        "hostname": "home",
        "operating_system": "Debian",
        "features": [],
    },
    "/info": {
        **_ARCH,
        "hostname": "home",
        "supervisor": "2026.11.0",
        "homeassistant": "2026.11.0",
        **dict.fromkeys(("hassos", "operating_system", "machine", "machine_id")),
        "docker": "28.0",
        "features": [],
        "state": "running",
        "timezone": "UTC",
        "supported_arch": ["amd64"],
    },
    "/ingress/panels": {"panels": {}},
    "/jobs/info": {"ignore_conditions": [], "jobs": []},
    "/mounts": {"default_backup_mount": None, "mounts": []},
    "/network/info": {
        "interfaces": [],
        "docker": {
            "interface": "hassio",
            "address": "172.30.32.0/23",
            "gateway": "172.30.32.1",
            "dns": "172.30.32.3",
        },
        "host_internet": True,
        "supervisor_internet": True,
    },
    "/os/info": {
        **dict.fromkeys(("version", "version_latest", "version_pending", "board", "boot")),
        "data_disk": None,
        "update_available": False,
        "boot_slots": {},
    },
    "/resolution/info": {
        "suggestions": [],
        "unsupported": [],
        "unhealthy": [],
        "issues": [],
        "checks": [],
    },
    "/store": {"addons": [], "repositories": []},
    "/supervisor/info": {
        **_VERSION,
        **_ARCH,
        "healthy": True,
        "auto_update": False,
        "addons": [],
        "ip_address": "127.0.0.1",
        **dict.fromkeys(("debug", "debug_block", "diagnostics", "detect_blocking_io"), False),
        "timezone": "UTC",
        "country": None,
        "feature_flags": {},
    },
    "/supervisor/stats": _STATS,
}

ACCEPTED = {
    "/core/options",
    "/homeassistant/options",
    "/refresh_updates",
    "/reload_updates",
    "/supervisor/options",
    "/supervisor/ping",
}
"""Paths that are answered with an empty success."""

REFUSED = {"/supervisor/update": "there is no update"}
"""Paths that are answered with an error and this message."""


def addon_info(slug: str, name: str) -> dict[str, Any]:
    """Details of a running add-on."""
    no = ("advanced", "build", "icon", "logo", "update_available", "detached", "documentation")
    no_access = (
        *("auth_api", "docker_api", "full_access", "homeassistant_api", "host_network"),
        *("host_pid", "host_ipc", "host_uts", "host_dbus", "ingress", "signed", "hassio_api"),
        *("stdin", "gpio", "usb", "uart", "kernel_modules", "devicetree", "udev", "video", "audio"),
    )
    unknown = (
        *("homeassistant", "url", "long_description", "schema", "network", "network_description"),
        *("webui", "ingress_entry", "ingress_url", "ingress_port", "ingress_panel"),
        *("audio_input", "audio_output", "system_managed_config_entry"),
    )
    empty = ("dns", "machine", "privileged", "services", "devices")
    return {
        **dict.fromkeys((*no, *no_access, "auto_update", "changelog", "system_managed"), False),
        **dict.fromkeys(unknown),
        **{each: list[str]() for each in empty},
        "name": name,
        "slug": slug,
        "hostname": slug.replace("_", "-"),
        "description": name,
        "available": True,
        "protected": True,
        "watchdog": True,
        "arch": ["amd64"],
        "repository": "local",
        "stage": "stable",
        "state": "started",
        "startup": "services",
        "version": "1.0.0",
        "version_latest": "1.0.0",
        "apparmor": "profile",
        "rating": 6,
        "hassio_role": "default",
        "boot": "auto",
        "boot_config": "auto",
        "options": {},
        "translations": {},
        "discovery": ["wyoming"],
        "ip_address": "127.0.0.1",
    }
