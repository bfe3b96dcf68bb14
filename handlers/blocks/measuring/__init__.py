"""Why a machine counts as idle or working."""
