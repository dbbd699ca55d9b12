"""Starts the process of the jobs."""

import sys

from appliance.jobs.main import main

sys.exit(main())
