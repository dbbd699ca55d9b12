"""The checks, one a module; `appliance.health.register` names them in their order."""
