"""Labels on everything that we start: how any process, also years later, knows what is ours and where it belongs."""

from __future__ import annotations

LABEL_RUN = "regionfall.run"
LABEL_HOME = "regionfall.home"
LABEL_PART = "regionfall.part"
LABEL_REGION = "regionfall.region"
LABEL_PROJECT = "regionfall.project"
"""The user's own project name, to find a stack that is up."""
LABEL_DIGEST = "regionfall.digest"
LABEL_PUBLISHED = "regionfall.published"
LABEL_REQUESTS = "regionfall.requests"
"""Ids of the edges on which single requests can be broken."""
LABEL_LOOKED_UP = "regionfall.looked-up"
"""`caller->callee` of every call whose name the caller asks for."""
COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"

PART_BORDER, PART_LOAD, PART_GUEST = "border", "load", "guest"
PART_GUARDIAN, PART_BALLAST = "guardian", "ballast"
