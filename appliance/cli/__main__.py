"""`python -m appliance.cli` is `nvr`."""

import sys

from appliance.cli.main import main

sys.exit(main())
