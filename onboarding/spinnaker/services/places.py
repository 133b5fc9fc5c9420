"""The services that have settings, and the formats that place them."""

from __future__ import annotations

from enum import StrEnum


class Service(StrEnum):
    """A service of Spinnaker, by the name of its files."""

    CLOUDDRIVER = "clouddriver"
    ORCA = "orca"
    DECK = "deck"
    ROSCO = "rosco"
    GATE = "gate"

    @property
    def file(self) -> str:
        """Name the file that adds to what the service has."""
        return "settings-local.js" if self is Service.DECK else f"{self}-local.yml"

    @property
    def media_type(self) -> str:
        return "text/javascript" if self is Service.DECK else "application/yaml"


BESIDE_CLOUDDRIVER = (Service.ORCA, Service.DECK, Service.ROSCO, Service.GATE)


class Place(StrEnum):
    """Where settings are put."""

    HALYARD = "Halyard's profiles"
    OPERATOR = "the operator's profiles"
    HALCONFIG = "Halyard's config"
    """Of which Halyard and the operator make the services' own files."""
    KUSTOMIZE = "spinnaker-kustomize"
    FILES = "own files"
    DELIVERIES = "deliveries"


WITH_HAL = frozenset({Place.HALYARD, Place.OPERATOR, Place.HALCONFIG})
"""Next to accounts that aren't Bowline's, and to settings that Halyard makes."""
HALS_OWN = frozenset({Place.HALCONFIG})
WITHOUT_HAL = frozenset({Place.KUSTOMIZE, Place.FILES, Place.DELIVERIES})
EVERYWHERE = frozenset({Place.HALYARD, Place.OPERATOR}) | WITHOUT_HAL
