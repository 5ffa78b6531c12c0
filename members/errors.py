"""Situations in which activation is refused. None of them says whose address or reference it was."""

from typing import ClassVar

from core.errors import DomainError


class WrongCode(DomainError):
    """The code is not the one that was sent; there are tries left."""

    code: ClassVar[str] = "wrong_code"


class CodeExpired(DomainError):
    """The code cannot be used any more: it is too old, was used, or was tried too often."""

    code: ClassVar[str] = "code_expired"


class CardNumberTyped(DomainError):
    """What looks like a full card number was typed where a member is looked for."""

    code: ClassVar[str] = "card_number_typed"


class MergeRefused(DomainError):
    """Two members cannot become one, or one cannot be two again. Each situation below is such a refusal."""

    code: ClassVar[str] = "merge_refused"


class SameMember(MergeRefused):
    """A member was to be merged with themselves."""

    code: ClassVar[str] = "same_member"


class OtherIssuer(MergeRefused):
    """The two members belong to two issuers."""

    code: ClassVar[str] = "other_issuer"


class ErasedPerson(MergeRefused):
    """One of the two was erased: nobody can say any more that they were one person."""

    code: ClassVar[str] = "erased_person"


class MergedAlready(MergeRefused):
    """One of the two leads to a member already: to the other one's, or to somebody else."""

    code: ClassVar[str] = "merged_already"


class OthersLeadHere(MergeRefused):
    """The member who would lead to another is one to whom others lead."""

    code: ClassVar[str] = "others_lead_here"


class OwnMerge(MergeRefused):
    """The colleague who would do it is one of the two themselves, or is in a household with one of them."""

    code: ClassVar[str] = "own_merge"


class NothingToSearch(DomainError):
    """What was typed holds no letter and no digit."""

    code: ClassVar[str] = "nothing_to_search"
