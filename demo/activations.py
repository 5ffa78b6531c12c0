"""Members of the story who came to the site: each goes the way of the activation page, code included."""

from datetime import time

from demo.letters import letters_caught, told_at
from demo.mailbox import CODE
from demo.story.calendar import Period, instant
from demo.story.deliveries import Story
from loyalty.letterheads import site_address
from loyalty.models import Programme
from members.models import Member
from members.services.activation import activate_member, send_activation_code


def activate_members(programme: Programme, story: Story, period: Period) -> None:
    """Activate those who came in the period and are not activated; their verified address earns points."""
    for person in story.persons:
        if person.activated_days_ago is None or not period.holds(person.activated_days_ago):
            continue
        member = Member.objects.select_related("issuer").get(
            issuer=programme.issuer, reference=person.reference
        )
        if member.activated_at is not None:
            continue
        site = f"{site_address(programme)}/"
        at = instant(story.day, person.activated_days_ago, time(20, 15))
        with letters_caught() as letters:
            attempt = send_activation_code(member=member, email=person.sign_in, sign_in_url=site, at=at)
            code = CODE.findall(str(letters[-1].body))[0]
        with told_at(at):
            activate_member(attempt_id=attempt.public_id, code=code, at=at)
