"""Starts the courier."""

import sys

from appliance.courier.main import main

sys.exit(main())
