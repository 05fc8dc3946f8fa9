"""``python -m openrapport_cli``: the same as ``openrapport``."""

from openrapport_cli.main import main

if __name__ == "__main__":
    main()
