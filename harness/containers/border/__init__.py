"""The region's edge container: proxies, packet filter, leases."""
