"""What the numbers in the rules of a programme are called, for sentences and for choices."""

from collections.abc import Iterable

from django.db.models import Q

from core.formatting import in_language
from loyalty.earning.terms import Rule
from loyalty.earning.words import Names
from loyalty.models import MemberGroup, Programme
from members.models import CardProduct
from partners.models import Partner, Store


def names_for(programme: Programme, rules: Iterable[Rule] = (), *, store_ids: Iterable[int] = ()) -> Names:
    """Return the names that sentences about the rules need, in the active language, and those of all choices.

    Stores are as many as there are shops, so only those that a rule names, or `store_ids`, are among them.
    Takes four queries at most.
    """
    asked = [rule.conditions for rule in rules]
    wanted = {*store_ids}.union(*(one.store_ids for one in asked))
    stores = list(Store.objects.filter(pk__in=wanted).only("name", "partner_id", "channel").order_by("pk"))
    named = {store.partner_id for store in stores}.union(*(one.partner_ids for one in asked))
    partners = Partner.objects.filter(Q(agreements__programme=programme) | Q(pk__in=named)).distinct()
    groups = MemberGroup.objects.filter(programme=programme).order_by("pk")
    products = CardProduct.objects.filter(issuer_id=programme.issuer_id).order_by("pk")
    return Names(
        currency=programme.currency,
        partners=dict(partners.order_by("name", "pk").values_list("pk", "name")),
        stores={store.pk: store.name for store in stores},
        card_products=dict(products.values_list("pk", "name")),
        groups={
            pk: in_language(french=french, english=english)
            for pk, french, english in groups.values_list("pk", "name_fr", "name_en")
        },
        partner_of_store={store.pk: store.partner_id for store in stores},
        channel_of_store={store.pk: store.channel for store in stores},
    )
