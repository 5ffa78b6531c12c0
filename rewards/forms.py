"""What comes back from the page on which an order is confirmed."""

from django import forms

OWN, HOUSEHOLD = "own", "household"
"""With whose points an order is paid."""


class OrderForm(forms.Form):
    """The key made when the page was shown, so that two taps are one order, and what was shown.

    That is the price and, for an order paid with the points of the household, how many are the member's own.
    """

    request_key = forms.UUIDField(widget=forms.HiddenInput)
    shown_points = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    pays = forms.ChoiceField(choices=[(OWN, OWN), (HOUSEHOLD, HOUSEHOLD)], required=False)
    shown_own_points = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)

    @property
    def with_household(self) -> bool:
        """Whether the points of the household are asked for."""
        return bool(self.cleaned_data["pays"] == HOUSEHOLD)
