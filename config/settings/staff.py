"""What each group of staff may do in the admin. `manage.py sync_staff_groups` writes it to the database.

A permission is written as Django names it, `app.action_model`. Rows of the ledger cannot be changed by
anybody, so only the permission to view them exists here. Some permissions stand for actions:
`loyalty.add_feedimport` uploads files, `core.change_jobrun` starts and wakes jobs, `rewards.change_order`
cancels orders, `loyalty.change_pointaccount` lets members leave, who lose no more than the limits of the
group say, `loyalty.add_adjustmentrequest` moves points within the limits of the group,
`loyalty.approve_adjustmentrequest` approves those of colleagues and merges members, and lets them leave,
whatever points they hold, `members.add_membermerge` merges within the limits of the group,
`members.delete_member` erases members who ask for it, `loyalty.schedule_earningrule` lets rules decide and
ends them, `loyalty.add_succession` prepares and rehearses successions of programmes, `loyalty.run_succession`
lets them run, closes and reverses them, `core.export_lists` takes lists away as files,
`helpdesk.search_members` opens the pages of the call centre, `helpdesk.add_note` writes there, and without
`members.see_contact_details` a person is masked.

`loyalty.add_householdstay` brings a member who agreed to it into a household, `loyalty.change_householdstay`
takes one out who asked for it; whose points may be spent, members alone decide.

Whoever may add back-tests (`loyalty.add_backtest`) starts and stops them; they move no point.

Whoever moves points is not who says how many: only finance changes the limits, and moves none.

Nobody gives a right that they do not have. Whoever may edit sign-ins gives only the groups they are in; an
administrator, made by `manage.py createsuperuser`, gives all of them. No page makes an administrator or gives
a single permission.
"""

_CATALOGUE = [
    "members.view_issuer",
    "members.view_cardproduct",
    "partners.view_partner",
    "partners.view_store",
    "loyalty.view_programme",
    "loyalty.view_brand",
    "loyalty.view_agreement",
    "loyalty.view_earningrule",
    "loyalty.view_adjustmentreason",
    "loyalty.view_adjustmentlimit",
    "loyalty.view_membergroup",
    "rewards.view_giftcardproduct",
    "campaigns.view_promotion",
]
_MEMBERS = [
    "members.view_member",
    "members.view_card",
    "members.view_cardstatuschange",
    "members.view_membermerge",
    "members.view_mergedcard",
    "loyalty.view_mergedpoints",
    "loyalty.view_pointaccount",
    "loyalty.view_groupmembership",
    "loyalty.view_household",
    "loyalty.view_householdstay",
    "loyalty.view_spendingpermission",
]
_HOUSEHOLDS = ["loyalty.add_householdstay", "loyalty.change_householdstay"]
_MERGES = ["members.add_membermerge", "members.change_membermerge"]
_LEDGER = [
    "loyalty.view_entry",
    "loyalty.view_lot",
    "loyalty.view_lotuse",
    "loyalty.view_transfer",
    "loyalty.view_succession",
    "loyalty.view_counterpart",
    "loyalty.view_conversion",
    "loyalty.view_purchase",
    "loyalty.view_rejectedline",
    "loyalty.view_adjustmentrequest",
    "loyalty.view_adjustmententry",
    "rewards.view_order",
    "rewards.view_ordershare",
    "rewards.view_giftcard",
    "rewards.view_giftcardmovement",
]
_CALLS = ["helpdesk.search_members", "helpdesk.view_note", "helpdesk.add_note", "members.see_contact_details"]
_FEEDS = ["loyalty.view_feedimport", "loyalty.view_feedchunk", "loyalty.view_rejectedline"]
_MACHINERY = ["core.view_jobrun", "core.view_outboxmessage", "core.view_idempotencyrecord"]
_EXPORTS = ["core.export_lists"]
_REPORT = ["loyalty.view_points_report"]
_BACK_TESTS = ["loyalty.view_backtest"]
_SIGN_INS = ["members.view_user", "auth.view_group", "account.view_emailaddress"]

STAFF_GROUPS: dict[str, list[str]] = {
    "Programme manager": [
        *_CATALOGUE,
        *_MEMBERS,
        *_CALLS,
        *_LEDGER,
        *_FEEDS,
        *_EXPORTS,
        *_REPORT,
        *_BACK_TESTS,
        "loyalty.add_backtest",
        "loyalty.add_feedimport",
        "loyalty.add_programme",
        "loyalty.change_programme",
        "loyalty.add_brand",
        "loyalty.change_brand",
        "loyalty.add_agreement",
        "loyalty.change_agreement",
        "loyalty.add_earningrule",
        "loyalty.change_earningrule",
        "loyalty.schedule_earningrule",
        "loyalty.add_membergroup",
        "loyalty.change_membergroup",
        "loyalty.add_groupmembership",
        "loyalty.change_pointaccount",
        "loyalty.add_adjustmentrequest",
        "loyalty.approve_adjustmentrequest",
        "loyalty.add_adjustmentreason",
        "loyalty.change_adjustmentreason",
        *_MERGES,
        *_HOUSEHOLDS,
        "loyalty.add_succession",
        "loyalty.run_succession",
        "members.delete_member",
        "partners.add_partner",
        "partners.change_partner",
        "partners.add_store",
        "partners.change_store",
        "rewards.add_giftcardproduct",
        "rewards.change_giftcardproduct",
        "rewards.change_order",
        "core.view_staffaction",
    ],
    "Marketing": [
        *_CATALOGUE,
        *_BACK_TESTS,
        "loyalty.add_backtest",
        # Marketing designs rules and tries them out; a manager lets them decide.
        "loyalty.add_earningrule",
        "loyalty.change_earningrule",
        "campaigns.add_promotion",
        "campaigns.change_promotion",
        "campaigns.delete_promotion",
    ],
    "Call centre": [
        *_CATALOGUE,
        *_MEMBERS,
        *_CALLS,
        *_LEDGER,
        "members.view_activationattempt",
        "loyalty.change_pointaccount",
        "loyalty.add_adjustmentrequest",
        *_MERGES,
        *_HOUSEHOLDS,
        "members.delete_member",
        "rewards.change_order",
    ],
    "Finance": [
        *_CATALOGUE,
        "loyalty.view_pointaccount",
        *_LEDGER,
        *_FEEDS,
        *_EXPORTS,
        *_REPORT,
        *_BACK_TESTS,
        "loyalty.add_adjustmentlimit",
        "loyalty.change_adjustmentlimit",
        "loyalty.delete_adjustmentlimit",
    ],
    "Auditor": [
        *_CATALOGUE,
        *_MEMBERS,
        *_LEDGER,
        *_FEEDS,
        *_MACHINERY,
        *_SIGN_INS,
        *_EXPORTS,
        *_REPORT,
        *_BACK_TESTS,
        "helpdesk.search_members",
        "helpdesk.view_note",
        "members.view_activationattempt",
        "admin.view_logentry",
        "core.view_staffaction",
    ],
    "Operator": [
        *_CATALOGUE,
        *_FEEDS,
        *_MACHINERY,
        *_SIGN_INS,
        *_EXPORTS,
        "loyalty.add_feedimport",
        "core.change_jobrun",
        "members.add_user",
        "members.change_user",
        "admin.view_logentry",
    ],
}
