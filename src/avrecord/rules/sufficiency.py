"""Enough for today? Serviceable recorders against officers on duty, unit by unit.

No national rule gives a ratio. Local ones: at least one for 3 officers (本溪; 长治 class A), for 5 (长治 class B), for 2 (无极),
one each (魏县). So it is a setting, and the product prints which one it counted by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from avrecord.model.device import Availability, Device
from avrecord.model.officer import OnDuty
from avrecord.model.plan import Sufficiency


def sufficiency(
    on_duty: Iterable[OnDuty], assistants: Collection[str], devices: Iterable[Device], today: Availability, per: int
) -> list[Sufficiency]:
    """Each unit that has officers on duty or recorders in service. `today`: the availability of that one day.

    Somebody on duty for two reasons counts once; whoever may not enforce (`assistants`) needs no recorder and is listed apart.
    """
    named: dict[tuple[str, str], OnDuty] = {}
    for each in on_duty:
        named.setdefault((each.unit, each.officer), each)
    in_service = {serial for serial, _ in today.per_device}
    down = {lost.serial for lost in today.lost}
    fleet = sorted((device for device in devices if device.serial in in_service), key=lambda device: device.serial)
    units = {unit for unit, _ in named} | {device.unit or "" for device in fleet}
    return [
        Sufficiency(
            unit,
            per,
            tuple(sorted(each for each in named.values() if each.unit == unit and each.officer not in assistants)),
            tuple(sorted(each for each in named.values() if each.unit == unit and each.officer in assistants)),
            tuple(device for device in fleet if (device.unit or "") == unit and device.serial not in down),
            tuple(lost for device in fleet if (device.unit or "") == unit for lost in today.lost if lost.serial == device.serial),
        )
        for unit in sorted(units)
    ]
