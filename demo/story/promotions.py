"""The offers that partners make to cardholders: past, under way and to come, in French and in English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """A promotion page. Days count back from the story's day; below zero they lie ahead."""

    slug: str
    illustration: str
    partner: str
    starts_days_ago: int
    ends_days_ago: int
    title_fr: str
    title_en: str
    summary_fr: str
    summary_en: str
    body_fr: str
    body_en: str
    is_published: bool = True


OFFERS = (
    Offer(
        slug="rentree-jacadi",
        illustration="child",
        partner="jacadi",
        starts_days_ago=120,
        ends_days_ago=80,
        title_fr="La rentrée des petits chez Jacadi",
        title_en="Back to school at Jacadi",
        summary_fr="Le cartable brodé au prénom de votre enfant, offert dès 80\N{NO-BREAK SPACE}€ d’achat.",
        summary_en="A school bag embroidered with your child's name, free from €80.",
        body_fr=(
            "Blouses, souliers et manteaux\N{NO-BREAK SPACE}: préparez la rentrée en douceur. Pour tout"
            " achat d’au moins 80\N{NO-BREAK SPACE}€ payé avec votre carte, le cartable brodé est offert"
            " dans les boutiques Jacadi.\n\nDans la limite des stocks disponibles, un cartable par carte."
        ),
        body_en=(
            "Smocks, shoes and coats: get ready for school at your own pace. Pay at least €80 with your"
            " card in a Jacadi store and take home an embroidered school bag.\n\nWhile stocks last, one bag"
            " per card."
        ),
    ),
    Offer(
        slug="semaine-du-son-boulanger",
        illustration="sound",
        partner="boulanger",
        starts_days_ago=45,
        ends_days_ago=15,
        title_fr="La semaine du son chez Boulanger",
        title_en="Sound week at Boulanger",
        summary_fr=(
            "20\N{NO-BREAK SPACE}€ de remise immédiate sur les casques et les enceintes dès"
            " 100\N{NO-BREAK SPACE}€."
        ),
        summary_en="€20 off headphones and speakers from €100.",
        body_fr=(
            "Essayez les nouveaux casques sans fil dans les auditoriums Boulanger. La remise de"
            " 20\N{NO-BREAK SPACE}€ est déduite en caisse dès 100\N{NO-BREAK SPACE}€ d’achat payés avec"
            " votre carte."
        ),
        body_en=(
            "Try the new wireless headphones in Boulanger's listening rooms. €20 is taken off at the till"
            " from €100 paid with your card."
        ),
    ),
    Offer(
        slug="literie-conforama",
        illustration="furniture",
        partner="conforama",
        starts_days_ago=20,
        ends_days_ago=-12,
        title_fr="Bien dormir avec Conforama",
        title_en="Sleep well with Conforama",
        summary_fr="-20\N{NO-BREAK SPACE}% sur les matelas et les sommiers, livraison comprise.",
        summary_en="20% off mattresses and bed bases, delivery included.",
        body_fr=(
            "Un matelas se change tous les dix ans\N{NO-BREAK SPACE}: c’est le moment. Jusqu’à la fin de"
            " l’offre, les porteurs de la carte ont 20\N{NO-BREAK SPACE}% de remise sur toute la literie,"
            " et la livraison à l’étage est comprise.\n\nVos points sont calculés sur le montant que vous"
            " payez."
        ),
        body_en=(
            "A mattress lasts ten years; this may be the time for a new one. Until the offer ends,"
            " cardholders get 20% off all bedding, carried up to your floor.\n\nYour points are counted on"
            " the amount you pay."
        ),
    ),
    Offer(
        slug="coffrets-nocibe",
        illustration="scent",
        partner="nocibe",
        starts_days_ago=8,
        ends_days_ago=-30,
        title_fr="Les coffrets de fin d’année chez Nocibé",
        title_en="Gift boxes at Nocibé",
        summary_fr="Le deuxième coffret parfum à moitié prix.",
        summary_en="Half price on your second perfume gift box.",
        body_fr=(
            "Pour elle, pour lui ou pour vous\N{NO-BREAK SPACE}: plus de deux cents coffrets vous attendent"
            " en parfumerie et en ligne. Le moins cher des deux est à moitié prix quand vous payez avec"
            " votre carte."
        ),
        body_en=(
            "For her, for him or for yourself: more than two hundred gift boxes in store and online. The"
            " cheaper of two is half price when you pay with your card."
        ),
    ),
    Offer(
        slug="gravure-histoire-dor",
        illustration="jewel",
        partner="histoire-dor",
        starts_days_ago=3,
        ends_days_ago=-40,
        title_fr="La gravure offerte chez Histoire d’Or",
        title_en="Free engraving at Histoire d'Or",
        summary_fr="Un prénom, une date\N{NO-BREAK SPACE}: vos bijoux gravés sans supplément.",
        summary_en="A name or a date engraved on your jewellery at no charge.",
        body_fr=(
            "Sur toutes les médailles, gourmettes et alliances achetées avec votre carte, la gravure est"
            " offerte et prête en trois jours dans votre bijouterie."
        ),
        body_en=(
            "Engraving is free on every medal, bracelet and ring bought with your card, and ready in your"
            " store within three days."
        ),
    ),
    Offer(
        slug="soldes-dhiver",
        illustration="season",
        partner="",
        starts_days_ago=-25,
        ends_days_ago=-55,
        title_fr="Deux jours d’avance pour les ventes privées d’hiver",
        title_en="Winter private sales, two days early",
        summary_fr="Chez nos cinq enseignes, les porteurs de la carte entrent les premiers.",
        summary_en="Cardholders go first at all five brands.",
        body_fr=(
            "Présentez votre carte en magasin, ou connectez-vous avant d’acheter en"
            " ligne\N{NO-BREAK SPACE}: les prix des ventes privées vous sont ouverts deux jours avant tout"
            " le monde."
        ),
        body_en=(
            "Show your card in store, or sign in before you buy online: the private-sale prices are yours"
            " two days before everyone else."
        ),
    ),
    Offer(
        slug="layette-jacadi",
        illustration="child",
        partner="jacadi",
        starts_days_ago=-10,
        ends_days_ago=-50,
        title_fr="Bienvenue bébé chez Jacadi",
        title_en="Welcome, baby, at Jacadi",
        summary_fr="La couverture de naissance offerte dès 120\N{NO-BREAK SPACE}€ de layette.",
        summary_en="A baby blanket free with €120 of baby clothes.",
        body_fr=(
            "Une liste de naissance à préparer\N{NO-BREAK SPACE}? La couverture en coton biologique est"
            " offerte dès 120\N{NO-BREAK SPACE}€ de layette payés avec votre carte."
        ),
        body_en=(
            "Putting together a birth list? The organic cotton blanket is free from €120 of baby clothes"
            " paid with your card."
        ),
    ),
    Offer(
        slug="cuisine-conforama",
        illustration="furniture",
        partner="conforama",
        starts_days_ago=-40,
        ends_days_ago=-80,
        title_fr="La cuisine dont vous rêvez",
        title_en="The kitchen you dream of",
        summary_fr=(
            "Brouillon de l’équipe marketing\N{NO-BREAK SPACE}: l’offre attend l’accord de l’enseigne."
        ),
        summary_en="Draft of the marketing team: the offer awaits the brand's approval.",
        body_fr="Un conseiller dessine votre cuisine avec vous, et la pose est offerte.",
        body_en="An adviser designs your kitchen with you, and fitting is free.",
        is_published=False,
    ),
)
