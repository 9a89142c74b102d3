"""`python -m app` is `credit-notes`."""

from app.cli import main

main()
