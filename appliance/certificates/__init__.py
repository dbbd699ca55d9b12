"""Certificates of the box: made, requested, imported, trusted, watched for their end."""
