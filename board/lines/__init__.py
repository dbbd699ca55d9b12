"""GPIO lines behind one contract, with two back ends: RPi.GPIO's interface and gpiod v2."""
