"""Property tests run without a clock: how long a draw takes says nothing of the product."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("cwelens", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cwelens")
