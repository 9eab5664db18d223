"""The client with asyncio. `_sync` is made of it."""
