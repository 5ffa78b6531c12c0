"""What comes back from the page on which an order is confirmed."""

from django import forms


class OrderForm(forms.Form):
    """The key made when the page was shown, so that two taps are one order, and the price that was shown."""

    request_key = forms.UUIDField(widget=forms.HiddenInput)
    shown_points = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
