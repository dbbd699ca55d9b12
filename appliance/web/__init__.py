"""The web process: HTTPS, the API, the page; holds no device and no lock that recording needs."""
