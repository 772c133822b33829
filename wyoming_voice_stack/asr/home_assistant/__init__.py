"""Names of the household's areas and entities, read from Home Assistant."""

from wyoming_voice_stack.asr.home_assistant.access import HomeAssistantAccess, home_assistant_access
from wyoming_voice_stack.asr.home_assistant.refresh import HomeAssistantNames, KnownNames

__all__ = ["HomeAssistantAccess", "HomeAssistantNames", "KnownNames", "home_assistant_access"]
