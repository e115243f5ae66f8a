"""Why an encoder stopped."""

from enum import StrEnum


class StopReason(StrEnum):
    """Why an encoder stopped, as `metadata.stop_reason` of its scene, files and JSON spell it."""

    N_EVENTS_REACHED = "n_events_reached"
    SNR_REACHED = "snr_reached"
    BITRATE_REACHED = "bitrate_reached"
    # The smallest file takes more than was asked for.
    BITRATE_UNREACHABLE = "bitrate_unreachable"
    QUALITY_REACHED = "quality_reached"
    # No file tried, up to the largest that is allowed, is as good as was asked for.
    QUALITY_UNREACHABLE = "quality_unreachable"
    ITERATIONS_REACHED = "iterations_reached"
    NOTHING_AUDIBLE_LEFT = "nothing_audible_left"
    # Nothing more is found, though what is left can be heard.
    STALLED = "stalled"
    TIME_LIMIT = "time_limit"
    CANCELLED = "cancelled"
