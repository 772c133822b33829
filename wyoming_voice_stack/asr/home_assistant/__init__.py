"""The names of the house: what a household calls its rooms and things, from Home Assistant."""

from wyoming_voice_stack.asr.home_assistant.access import HouseAccess, house_access
from wyoming_voice_stack.asr.home_assistant.refresh import HouseNames

__all__ = ["HouseAccess", "HouseNames", "house_access"]
