"""Template filters for `core.formatting`: `{% load formatting %}`."""

from django import template

from core import formatting

register = template.Library()

register.filter("number", formatting.number)
register.filter("points", formatting.points)
register.filter("signed_points", formatting.signed_points)
register.filter("amount", formatting.amount)
register.filter("whole_amount", formatting.whole_amount)
register.filter("day", formatting.day)
register.filter("short_day", formatting.short_day)
register.filter("first_day", formatting.first_day)
register.filter("last_day", formatting.last_day)
register.filter("phone", formatting.phone)
register.filter("phone_address", formatting.phone_address)
register.filter("distance", formatting.distance)
register.filter("month", formatting.month)
register.filter("moment", formatting.moment)
