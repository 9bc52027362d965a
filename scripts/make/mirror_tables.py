"""Tables of figures about mirrors: syncing, serving, kills. For `scripts.make.tables`."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, table

WAYS = {
    "haac": "`haac sync`, every hash checked, catalog built",
    "rsync": "rsync of loose files, no hashes",
    "curl": "curl of one file and `sha256sum`: what is possible at all",
}


def sync(figures: Figures) -> str:
    rows = [
        (WAYS[way], f"{figures['seconds'][way]:.2f} s", f"{figures['objects_per_second'][way]:,}")
        for way in WAYS
        if way in figures["seconds"]
    ]
    parts = {
        "full": "everything",
        "no_change": "nothing changed",
        "one_new": "one new element",
        "for_500": "`--for`: 500 of the elements",
    }
    asked = [
        (text, figures[key]["requests"], f"{figures[key]['bytes']:,}", f"{figures[key]['seconds']:.2f} s")
        for key, text in parts.items()
        if key in figures
    ]
    peak = " and ".join(f"{mb:.0f} MB for {what}" for what, mb in figures["peak_mb"].items())
    more = ""
    if rate := figures["ratio"].get("haac/curl"):
        more += f" The whole command has {rate:.2f} times the rate of curl."
    if slow := figures.get("delayed"):
        more += (
            f" With {slow['milliseconds']:.0f} ms before each answer: {slow['seconds']:.2f} s,"
            f" {slow['objects_per_second']:,} objects/s."
        )
    if large := figures.get("large"):
        more += (
            f" Of {large['objects']:,} objects: {large['seconds']['haac']:.1f} s, {large['ratio']['haac/curl']:.2f} times"
            f" the rate of curl, {large['peak_mb']:.0f} MB."
        )
    return (
        table(
            (f"{figures['objects']:,} objects of {figures['object_bytes']:,} bytes", "time", "objects/s"),
            rows,
        )
        + "\n\n"
        + table(("a sync of", "requests", "bytes", "time"), asked)
        + f"\n\nPeak memory: {peak}.{more}{_busy(figures, 'the ways')}"
        + machine(figures)
    )


def serve(figures: Figures) -> str:
    rows = []
    for server, name in {"haac": "`haac serve`", "nginx": "nginx"}.items():
        found = figures.get(server)
        if found is None:
            continue
        for key, who in {"held": "clients that check", "rate": "wrk"}.items():
            if key in found:
                f = found[key]
                rows.append(
                    (
                        f"{name}, {who}",
                        f"{f['requests_per_second']:,}",
                        f"{f['p50_ms']:.0f} ms",
                        f"{f['p99_ms']:.0f} ms",
                        f["failed"],
                        f"{found['peak_mb']:.0f} MB" if found["peak_mb"] else "",
                    )
                )
    made = table(("", "requests/s", "median", "99 of 100 within", "failed", "peak memory"), rows)
    if "file_ratio" in figures:
        made += (
            f"\n\nOne client that fetches {figures['file_bytes'] / 1e6:.0f} MB whole has them from `haac serve` at"
            f" {figures['file_ratio']:.2f} times the rate of nginx."
        )
    return made + _busy(figures, "the servers") + machine(figures)


def _busy(figures: Figures, compared: str) -> str:
    """What a reader must know of figures that were measured beside other work; '' of those that were not."""
    load = figures.get("load_before", 0)
    if load <= 1:
        return ""
    return (
        f" What else the machine did (a load of {load:.0f} before the beginning) makes all rates low; compare {compared} with"
        " each other."
    )


def kills(figures: Figures) -> str:
    """How often each command was killed, and when."""
    head = ("killed", "kills", "after the first commit", "different points", "at random times")
    rows = [
        (f"`haac {name}`", row["kills"], row["after_first_commit"], row["points"], row["at_times"])
        for name, row in figures["kills"].items()
    ]
    return table(head, rows) + machine(figures)
