"""When a flow left its baseline band, and when it was back for good."""
