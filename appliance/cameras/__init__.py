"""appliance.cameras."""
