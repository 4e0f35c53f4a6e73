"""Serves an installation until it is told to stop.

serve      opens it, listens, and ends in order
workers    several processes at one port; `post` what one of them is told
listening  where, with or without TLS
process    the life of the process: signals, finishing what is under way
connection one client's connection, with bounds; `ending` how it ends; `crowd` how many there are
refusal    answers to what never became a request
notify     what the service manager is told
upkeep     what is done by itself: doubts, revocation lists, counted denials
"""

from __future__ import annotations

from placet.config.service import HostPort as Address
from placet.web.server.serve import serve
from placet.web.server.workers import serve_with_workers

__all__ = ["Address", "serve", "serve_with_workers"]
