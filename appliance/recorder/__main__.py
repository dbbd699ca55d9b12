"""Starts the recorder process."""

import sys

from appliance.recorder.main import main

sys.exit(main())
