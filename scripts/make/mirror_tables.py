"""Tables of figures about hosting, for `scripts.make.tables`."""

from __future__ import annotations

from scripts.make.markdown import Figures, machine, table


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
    if figures.get("load_before", 0) > 1:
        made += (
            f" What else the machine did (a load of {figures['load_before']:.0f} before the beginning) makes all rates low;"
            " compare the servers with each other."
        )
    return made + machine(figures)
