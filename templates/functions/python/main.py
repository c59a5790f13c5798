"""One JSON line in, one JSON line out. What is written to standard error is the log."""

import json
import sys

from handle import handle

for line in sys.stdin:
    print(json.dumps(handle(json.loads(line))), flush=True)
