"""Wiring only: settings, addresses, background jobs and the start-up of the embedded PostgreSQL."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
