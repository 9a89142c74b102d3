"""Who is calling: API keys, tokens of known issuers, and how much each caller may ask. How a request carries them is `api/auth.py`'s business."""
