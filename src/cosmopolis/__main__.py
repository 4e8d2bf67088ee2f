"""`python -m cosmopolis` is the same as the `cosmopolis` command."""

from cosmopolis.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
