"""The collector: a Django project, one app per domain."""
