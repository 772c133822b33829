"""The names of the house: what a household calls its rooms and things, from Home Assistant."""

from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantAccess, home_assistant_access
from wyoming_voice_stack.asr.home_assistant.refresh import HomeAssistantNames

__all__ = ["HomeAssistantAccess", "HomeAssistantNames", "home_assistant_access"]
