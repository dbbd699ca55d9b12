"""The REST API and the feed: one module a subject, each offering `routes()`."""
