"""Payloads of packets that hold no events: what whole files share."""
