"""``python -m submod_core.cli``: the command `submod`."""

from submod_core.cli.main import main

if __name__ == "__main__":
    main()
