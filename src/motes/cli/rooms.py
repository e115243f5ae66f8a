"""motes rooms: the rooms that events can be sent to."""

from __future__ import annotations

from motes.cli.console import print_json, say, tell
from motes.cli.many import Json


def rooms(folder: str | None = None, *, json: Json = False) -> int:
    """List the rooms that events can be sent to: name, reverberation time, length, channels, sample rate and digest.

    Reverberation times are T30: the decay from 5 to 35 dB below the beginning, told for 60 dB. Without a folder of
    impulse responses there are synthetic rooms, noise that dies away, of any reverberation time: synthetic:1.2

    Parameters
    ----------
    folder
        A folder or file of impulse responses (WAV, FLAC, AIFF); without it, that of IMPULSE_RESPONSE_PATH.
    """
    from motes.data import impulse_responses

    place = folder if folder is not None else impulse_responses.folder_in_force()
    if place is None:
        tell(
            "IMPULSE_RESPONSE_PATH is not set: these rooms are synthetic, noise that dies away; any RT60 from "
            "0.05 to "
            "15 s will do"
        )
        for made in impulse_responses.rooms():
            if json:
                print_json({"name": made.name, "rt60_s": made.rt60_s, "seconds": made.duration_s, "synthetic": True})
            else:
                print(f"{made.name}  RT60 {made.rt60_s:5.2f} s  {made.duration_s:6.2f} s")
        return 0
    failed, width = 0, max((len(name) for name, _ in impulse_responses.files(place)), default=0)
    for found in impulse_responses.look_through(place):
        room = found.room
        if room is None or room.response is None:
            failed += 1
            say(found.reason if found.name in found.reason else f"{found.name}: {found.reason}")
            if json:
                print_json({"name": found.name, "reason": found.reason})
            continue
        rt60, n_channels = room.rt60(), len(room.response)
        if json:
            print_json(
                {
                    "name": room.name,
                    "rt60_s": rt60,
                    "seconds": room.duration_s,
                    "channels": n_channels,
                    "sample_rate_hz": room.sample_rate_hz,
                    "digest": room.digest,
                    "synthetic": False,
                }
            )
        else:
            time = f"RT60 {rt60:5.2f} s" if rt60 is not None else "RT60 not told"
            print(
                f"{room.name:<{width}}  {time:<13}  {room.duration_s:6.2f} s  {n_channels:2d} ch  "
                f"{room.sample_rate_hz:6d} Hz  {room.digest[:12]}"
            )
    if not width:
        tell(f"{place} holds no WAV, FLAC or AIFF files")
    return 1 if failed else 0
