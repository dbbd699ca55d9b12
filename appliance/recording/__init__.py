"""From a camera's packets to fragments handed to a volume, and to everybody who watches."""
