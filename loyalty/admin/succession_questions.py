"""What staff read before each step of a succession, and after it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin_questions import Question
from core.formatting import day, moment, number, points
from loyalty.dates import local_date
from loyalty.models import Conversion, ConversionKind, Succession
from loyalty.succession.accounts import Stay
from loyalty.succession.errors import REFUSALS, WalkUnderWay
from loyalty.succession.figures import Figures, Staying

_question = partial(Question, refusals=REFUSALS)

REHEARSE = _question(
    title=_("Rehearse the succession"),
    sentence=_(
        "What each account would become is worked out to the point. Nothing moves, and the ledger"
        " keeps no trace of it."
    ),
    button=_("Rehearse"),
    done=_("The rehearsal has begun; this page says how far it has come."),
    action="succession.rehearsed",
)
FOLLOW = _question(
    title=_("Move what came late"),
    sentence=_("Late purchases and returns follow by themselves every few minutes; this does it at once."),
    button=_("Move it now"),
    done=_("The accounts are being gone through."),
    action="succession.followed",
)
EXTEND = _question(
    title=_("Last day for late purchases and returns"),
    sentence=_("Through this day the old programme takes what partners report late."),
    button=_("Set the day"),
    done=_("The last day is set."),
    action="succession.extended",
)
_CLOSE = _question(
    title=_("Close the old programme"),
    sentence=_(
        "No purchase or return of the old programme is taken any more, lines that still wait are"
        " refused, and what is left moves. There is no way back: a closed succession is not reversed and"
        " takes no counterparts, so points that stay behind can never move."
    ),
    button=_("Close it for good"),
    done=_("The old programme is being closed."),
    action="succession.closed",
    is_dangerous=True,
)
_REVERSE = _question(
    title=_("Reverse the succession"),
    sentence=_(
        "Every point goes back to the lot it left, with its own days, and is taken from the new"
        " programme. Whoever spent new points meanwhile owes them there. The old programme goes on."
    ),
    button=_("Give every point back"),
    done=_("The succession is being reversed."),
    action="succession.reversed",
    is_dangerous=True,
)
ABANDON = _question(
    title=_("Abandon the succession"),
    sentence=_(
        "Nothing moved, and nothing will: both programmes go on as they are, and another succession can be"
        " prepared. This one stays in the list, and cannot be taken up again."
    ),
    button=_("Abandon it"),
    done=_("The succession is abandoned."),
    action="succession.abandoned",
    is_dangerous=True,
)


def question_to_begin(succession: Succession, figures: Figures) -> Question:
    """Say once more what the rehearsal found: it moves as soon as this is answered."""
    moving = figures.moving + figures.empty
    until = day(succession.late_returns_until) if succession.late_returns_until else "-"
    sentences = (
        ngettext(
            "%(number)s member of %(programme)s moves.", "%(number)s members of %(programme)s move.", moving
        )
        % {"number": number(moving), "programme": succession.source},
        ngettext("%(number)s member stays.", "%(number)s members stay.", figures.staying_accounts)
        % {"number": number(figures.staying_accounts)},
        ngettext(
            "%(points)s becomes %(new_points)s of %(programme)s.",
            "%(points)s become %(new_points)s of %(programme)s.",
            figures.left,
        )
        % {
            "points": points(figures.left),
            "new_points": points(figures.arrived),
            "programme": succession.target,
        },
        ngettext(
            "%(number)s point owed moves as well.", "%(number)s points owed move as well.", figures.owed_left
        )
        % {"number": number(figures.owed_left)},
        gettext(
            "Late purchases and returns are taken through %(until)s. Until it is closed, all of it can be"
            " reversed."
        )
        % {"until": until},
    )
    return _question(
        title=_("Let the succession run"),
        sentence=" ".join(sentences),
        notes=_notes_on_unknown(unknown_accounts(figures)),
        button=_("Move members and points"),
        done=_("The succession runs; this page says how far it has come."),
        action="succession.run",
    )


def unknown_accounts(figures: Figures) -> int:
    """Return how many accounts stay because their member has no counterpart."""
    return figures.staying.get(Stay.NO_COUNTERPART, Staying()).accounts


def _notes_on_unknown(count: int) -> Sequence[str]:
    if not count:
        return ()
    return (
        ngettext(
            "%(number)s member stays for want of a counterpart, and moves as well once a file names it.",
            "%(number)s members stay for want of a counterpart, and move as well once a file names it.",
            count,
        )
        % {"number": number(count)},
    )


def question_to_close(succession: Succession) -> Question:
    """Say as well how many members and points stay behind for good, as the last walk found them."""
    if succession.is_walking or not succession.walks:
        return replace(_CLOSE, notes=[REFUSALS[WalkUnderWay]])
    walk = Figures.of_json(succession.walk)
    accounts, left, owed = walk.staying_holding, walk.staying_points, walk.staying_owed
    notes = [
        *_too_early(succession),
        ngettext(
            "%(number)s member with points stays behind for good.",
            "%(number)s members with points stay behind for good.",
            accounts,
        )
        % {"number": number(accounts)},
        ngettext("%(points)s stays behind for good.", "%(points)s stay behind for good.", left)
        % {"points": points(left)},
        *_owed(
            ngettext(
                "%(number)s point owed stays behind as well.",
                "%(number)s points owed stay behind as well.",
                owed,
            ),
            owed,
        ),
        gettext("This is what the accounts held when they were last gone through: %(moment)s.")
        % {"moment": moment(succession.moved_at, succession.source.zone)},
    ]
    return replace(_CLOSE, notes=notes)


def _too_early(succession: Succession) -> list[str]:
    """Say from which day on the old programme can be closed, if that is not today."""
    last = succession.late_returns_until
    if last is None or local_date(timezone.now(), succession.source.zone) > last:
        return []
    begins = {"day": day(last + timedelta(days=1))}
    return [gettext("It can be closed from %(day)s on: until then late lines still come.") % begins]


def question_to_reverse(succession: Succession) -> Question:
    """Say as well how many members get points back, how many, and what is taken for them. One query."""
    conversions = Conversion.objects.filter(succession=succession)
    is_owed = Q(kind=ConversionKind.OWED)
    sums = conversions.aggregate(
        members=Count("account", distinct=True),
        left=Sum("left_points", filter=~is_owed, default=0),
        arrived=Sum("arrived_points", filter=~is_owed, default=0),
        owed=Sum("left_points", filter=is_owed, default=0),
    )
    notes = [
        ngettext(
            "The account of %(number)s member goes back.",
            "The accounts of %(number)s members go back.",
            sums["members"],
        )
        % {"number": number(sums["members"])},
        ngettext(
            "%(points)s goes back, and %(new_points)s of %(programme)s are taken for it.",
            "%(points)s go back, and %(new_points)s of %(programme)s are taken for them.",
            sums["left"],
        )
        % {
            "points": points(sums["left"]),
            "new_points": points(sums["arrived"]),
            "programme": succession.target,
        },
        *_owed(
            ngettext(
                "%(number)s point owed goes back as well.",
                "%(number)s points owed go back as well.",
                -sums["owed"],
            ),
            -sums["owed"],
        ),
    ]
    return replace(_REVERSE, notes=notes)


def _owed(sentence: str, owed: int) -> Sequence[str]:
    """Return the sentence with its number, if there is anything owed."""
    return (sentence % {"number": number(owed)},) if owed else ()
