"""Settings: declared once as models, shown everywhere, kept in one document."""
