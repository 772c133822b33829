"""`python -m wyoming_voice_stack` is the same as the `wyoming-voice-stack` command."""

from wyoming_voice_stack.cli.commands import main

if __name__ == "__main__":
    main()
