"""A row that the database must refuse for each constraint, and a statement for each trigger.

A new constraint or trigger is one line here: the item as `table.name` and what it refuses. `again` writes a
row of the table once more with other values, given as SQL. A number that is never below zero needs no line; a
new table needs a row in `world`.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

APPS = ("campaigns", "core", "helpdesk", "loyalty", "members", "partners", "rewards")
"""Those that own tables."""


def again(table: str, *, where: str = "true", **values: str) -> str:
    """Return the statement that copies a row of the table with a number of its own and the values given."""
    changes = {"id": f"nextval(pg_get_serial_sequence('{table}', 'id'))"} | values
    new = ", ".join(f"'{column}', {value}" for column, value in changes.items())
    return (
        f"INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object({new}))).*"  # noqa: S608 - written below
        f" FROM {table} one WHERE id = (SELECT min(id) FROM {table} WHERE {where})"
    )


def change(table: str, assignment: str, *, where: str = "true") -> str:
    """Return the statement that changes the rows of the table."""
    return f"UPDATE {table} SET {assignment} WHERE {where}"  # noqa: S608 - written below


def delete(table: str) -> str:
    """Return the statement that deletes the rows of the table."""
    return f"DELETE FROM {table}"  # noqa: S608 - written below


def truncate(table: str) -> str:
    """Return the statement that empties the table and those that name it."""
    return f"TRUNCATE {table} CASCADE"


def append_only(table: str) -> dict[str, tuple[str, ...]]:
    """Return the refusals of a table to which rows are only added."""
    return {
        f"{table}.append_only": (change(table, "id = id"), delete(table)),
        f"{table}.never_truncated": (truncate(table),),
    }


UUID = "gen_random_uuid()"
UNUSED_TRANSFER = "(SELECT max(id) FROM loyalty_transfer)"
"""The last transfer of the world moved nothing, so no entry belongs to it."""

REFUSALS: dict[str, str | tuple[str, ...]] = {
    "campaigns_promotion.campaigns_promotion_public_id_key": again("campaigns_promotion", slug="'other'"),
    "campaigns_promotion.promotion_ends_after_its_start": again("campaigns_promotion", ends_at="starts_at"),
    "campaigns_promotion.promotion_is_of_our_time": (
        again("campaigns_promotion", starts_at="'1999-12-30Z'"),
        again("campaigns_promotion", ends_at="'2101-01-03Z'"),
    ),
    "campaigns_promotion.promotion_slug_once_a_programme": again("campaigns_promotion", public_id=UUID),
    "core_idempotencyrecord.idempotency_scope_key_once": again("core_idempotencyrecord"),
    "core_jobrun.job_run_once_a_business_date": again("core_jobrun"),
    **append_only("core_staffaction"),
    "helpdesk_note.never_deleted": delete("helpdesk_note"),
    "helpdesk_note.never_truncated": truncate("helpdesk_note"),
    "helpdesk_note.only_emptied": tuple(
        change("helpdesk_note", assignment)
        for assignment in (
            "text = 'other'",
            "text = '', member_id = member_id + 1",
            "text = '', author_id = author_id + 1",
            "text = '', created_at = now()",
        )
    ),
    "loyalty_adjustmententry.loyalty_adjustmententry_entry_id_key": again("loyalty_adjustmententry"),
    **append_only("loyalty_adjustmententry"),
    "loyalty_adjustmentlimit.adjustment_limit_once_a_role_and_kind": again("loyalty_adjustmentlimit"),
    "loyalty_adjustmentlimit.adjustment_limit_within_reason": (
        again("loyalty_adjustmentlimit", points_a_day="0", points_alone="0"),
        again("loyalty_adjustmentlimit", points_a_day="1000001"),
        again("loyalty_adjustmentlimit", points_alone="points_a_day + 1"),
    ),
    "loyalty_adjustmentreason.adjustment_reason_once_a_programme": again("loyalty_adjustmentreason"),
    "loyalty_adjustmentreason.adjustment_reason_takes_by_adjustment": again(
        "loyalty_adjustmentreason", where="kind = 10", takes_points="true"
    ),
    "loyalty_adjustmentrequest.adjustment_alone_within_its_limit": again(
        "loyalty_adjustmentrequest", where="points = 100", alone_points="99"
    ),
    "loyalty_adjustmentrequest.adjustment_four_eyes": (
        again("loyalty_adjustmentrequest", where="points = 1000", decided_by_id="requested_by_id"),
        again("loyalty_adjustmentrequest", where="points = 1000", decided_by_id="NULL"),
        again("loyalty_adjustmentrequest", where="points = 1000", decided_at="NULL"),
        again("loyalty_adjustmentrequest", where="points = 1000", decided_at="approve_before"),
        again("loyalty_adjustmentrequest", where="points = 1001", decided_by_id="requested_by_id"),
        again("loyalty_adjustmentrequest", where="points = 1001", state="'withdrawn'"),
        again("loyalty_adjustmentrequest", where="points = 301", state="'withdrawn'"),
        again("loyalty_adjustmentrequest", where="points = 301", state="'posted'"),
        again("loyalty_adjustmentrequest", where="points = 100", state="'requested'"),
        again("loyalty_adjustmentrequest", where="points = 100", decided_by_id="1"),
    ),
    "loyalty_adjustmentrequest.adjustment_moves_points": (
        again("loyalty_adjustmentrequest", where="points = 301", points="0"),
        again("loyalty_adjustmentrequest", where="points = 301", points="-301"),
        again(
            "loyalty_adjustmentrequest",
            where="points = 301",
            points="1000001",
            together_points="1000001",
            limit_points="1000001",
        ),
    ),
    "loyalty_adjustmentrequest.adjustment_within_the_limit": (
        again("loyalty_adjustmentrequest", where="points = 301", limit_points="300"),
        again("loyalty_adjustmentrequest", where="points = 301", together_points="300"),
        again("loyalty_adjustmentrequest", where="points = -7", together_points="6"),
    ),
    "loyalty_adjustmentrequest.loyalty_adjustmentrequest_alone_points_check": again(
        "loyalty_adjustmentrequest", where="points = 301", alone_points="-1"
    ),
    "loyalty_adjustmentrequest.never_deleted": delete("loyalty_adjustmentrequest"),
    "loyalty_adjustmentrequest.never_truncated": truncate("loyalty_adjustmentrequest"),
    "loyalty_adjustmentrequest.only_decided": (
        *(
            change("loyalty_adjustmentrequest", assignment, where="points = 301")
            for assignment in (
                "points = 302",
                "account_id = account_id + 1",
                "programme_id = programme_id + 1",
                "kind = 9",
                "reason_id = reason_id + 1",
                "requested_by_id = requested_by_id + 1",
                "role = 'Nobody'",
                "requested_at = now()",
                "requested_on = requested_on + 1",
                "limit_points = limit_points + 1",
                "alone_points = alone_points + 1",
                "together_points = together_points + 1",
                "approve_before = approve_before + interval '1 day'",
                "comment = 'Something else'",
            )
        ),
        *(
            change("loyalty_adjustmentrequest", assignment, where="points = 1001")
            for assignment in (
                "state = 'posted'",
                "state = 'requested', decided_by_id = NULL, decided_at = NULL",
                "decided_by_id = decided_by_id + 1",
                "decided_at = decided_at + interval '1 second'",
                "decision_comment = 'Something else'",
            )
        ),
    ),
    "loyalty_agreement.agreement_ends_after_its_start": again(
        "loyalty_agreement", starts_on="'2026-02-01'", ends_on="'2026-01-31'"
    ),
    "loyalty_agreement.agreement_once_a_partner": again("loyalty_agreement"),
    "loyalty_backtest.back_test_ends_after_start": again("loyalty_backtest", last_on="'2025-12-31'"),
    "loyalty_backtest.back_test_value_of_some_points": (
        again("loyalty_backtest", value_cents="1500", value_points="NULL"),
        again("loyalty_backtest", value_cents="NULL", value_points="1500"),
        again("loyalty_backtest", value_cents="1500", value_points="0"),
    ),
    "loyalty_backtestclaim.back_test_claim_once": again("loyalty_backtestclaim"),
    "loyalty_backtestfigure.back_test_figure_once": again("loyalty_backtestfigure"),
    **append_only("loyalty_conversion"),
    "loyalty_conversion.loyalty_conversion_transfer_id_key": again("loyalty_conversion"),
    "loyalty_counterpart.counterpart_of_one_member_only": again(
        "loyalty_counterpart", member_id="(SELECT max(id) FROM members_member)"
    ),
    "loyalty_counterpart.counterpart_once_a_member": again(
        "loyalty_counterpart", counterpart_id="(SELECT max(id) FROM members_member)"
    ),
    "loyalty_brand.brand_colours_are_colours": tuple(
        again("loyalty_brand", **{colour: "'red'"})
        for colour in (
            "brand_colour",
            "night_colour",
            "accent_colour",
            "hero_from_colour",
            "hero_to_colour",
            "paper_colour",
        )
    ),
    "loyalty_brand.loyalty_brand_programme_id_key": again("loyalty_brand"),
    "loyalty_earningrule.earning_rule_divides": again("loyalty_earningrule", per_cents="0"),
    "loyalty_earningrule.earning_rule_ends_after_its_start": again(
        "loyalty_earningrule", applies_from="'2026-02-01'", applies_until="'2026-01-31'"
    ),
    "loyalty_earningrule.earning_rule_factor_within_reason": (
        again("loyalty_earningrule", factor_percent="0"),
        again("loyalty_earningrule", factor_percent="10001"),
    ),
    "loyalty_earningrule.earning_rule_nth_gives_a_bonus": (
        again("loyalty_earningrule", nth_purchase="1", effect="'base'"),
        again("loyalty_earningrule", nth_purchase="0", effect="'bonus'"),
    ),
    "loyalty_earningrule.earning_rule_draft_decides_nothing": (
        again("loyalty_earningrule", scheduled_at="NULL", version="9", applies_from="'2026-02-01'"),
        again("loyalty_earningrule", scheduled_at="NULL", version="9", applies_until="'2026-02-01'"),
    ),
    "loyalty_earningrule.earning_rule_version_once": again("loyalty_earningrule", scheduled_at="NULL"),
    "loyalty_earningrule.scheduled_never_changes": (
        change("loyalty_earningrule", "points = points + 1", where="scheduled_at IS NOT NULL"),
        change("loyalty_earningrule", "scheduled_at = NULL", where="scheduled_at IS NOT NULL"),
    ),
    "loyalty_earningrule.scheduled_never_deleted": delete("loyalty_earningrule"),
    "loyalty_earningrule.never_truncated": truncate("loyalty_earningrule"),
    "loyalty_earningrule.earning_rule_one_open_version": again(
        "loyalty_earningrule",
        where="scheduled_at IS NOT NULL AND applies_until IS NULL",
        version="9",
    ),
    "loyalty_entry.entry_sign_follows_its_kind": (
        *(again("loyalty_entry", kind=str(kind), points="-1") for kind in (1, 3, 5, 7, 10, 11)),
        *(again("loyalty_entry", kind=str(kind), points="1") for kind in (2, 4, 6, 8)),
    ),
    "loyalty_entry.entry_once_a_purchase": again("loyalty_entry", where="purchase_id IS NOT NULL"),
    "loyalty_entry.entry_order_cancelled_once": again("loyalty_entry", where="kind = 5"),
    "loyalty_entry.entry_reinstated_once": again("loyalty_entry", where="kind = 11"),
    "loyalty_entry.entry_adjusted_back_once": again("loyalty_entry", where="kind = 9 AND corrects_id > 0"),
    "loyalty_entry.entry_once_a_transfer_and_account": again("loyalty_entry", where="transfer_id > 0"),
    "loyalty_entry.entry_of_a_transfer_says_so": (
        again("loyalty_entry", where="kind = 3", kind="12"),
        again("loyalty_entry", where="kind = 9", corrects_id="NULL", transfer_id=UNUSED_TRANSFER),
    ),
    "loyalty_entry.entry_verified_email_once": again("loyalty_entry", where="kind = 3"),
    **append_only("loyalty_entry"),
    "loyalty_expiryreminder.expiry_reminder_once": again("loyalty_expiryreminder"),
    "loyalty_feedchunk.feed_chunk_once": again("loyalty_feedchunk"),
    "loyalty_feedimport.feed_import_adds_up": again("loyalty_feedimport", read_lines="read_lines + 1"),
    "loyalty_feedimport.feed_import_one_running_a_content": again(
        "loyalty_feedimport", where="state = 'running'", public_id=UUID
    ),
    **{
        f"loyalty_feedimport.loyalty_feedimport_{outcome}_lines_check": again(
            "loyalty_feedimport",
            **{f"{outcome}_lines": "-1", "read_lines": f"read_lines - {outcome}_lines - 1"},
        )
        for outcome in ("accepted", "duplicate", "parked", "rejected")
    },
    "loyalty_feedimport.loyalty_feedimport_read_lines_check": again(
        "loyalty_feedimport", read_lines="-1", accepted_lines="accepted_lines - read_lines - 1"
    ),
    "loyalty_feedimport.loyalty_feedimport_public_id_key": again("loyalty_feedimport", state="'done'"),
    "loyalty_groupmembership.group_joined_once_a_day": again("loyalty_groupmembership", left_on="joined_on"),
    "loyalty_groupmembership.group_left_after_joining": again(
        "loyalty_groupmembership", left_on="joined_on - 1"
    ),
    "loyalty_groupmembership.group_membership_open_once": again(
        "loyalty_groupmembership", joined_on="joined_on + 1"
    ),
    **append_only("loyalty_household"),
    "loyalty_householdinvitation.loyalty_householdinvitation_code_hash_key": again(
        "loyalty_householdinvitation"
    ),
    "loyalty_householdstay.household_left_after_joining": again(
        "loyalty_householdstay", left_at="joined_at - interval '1 second'"
    ),
    "loyalty_householdstay.household_one_at_a_time": again("loyalty_householdstay", where="left_at IS NULL"),
    "loyalty_householdstay.never_deleted": delete("loyalty_householdstay"),
    "loyalty_householdstay.never_truncated": truncate("loyalty_householdstay"),
    "loyalty_householdstay.only_ended": (
        *(
            change("loyalty_householdstay", assignment, where="left_at IS NULL")
            for assignment in (
                "household_id = household_id + 1",
                "account_id = account_id + 1",
                "joined_at = joined_at - interval '1 second'",
            )
        ),
        change("loyalty_householdstay", "left_at = now()", where="left_at IS NOT NULL"),
    ),
    "loyalty_lot.lot_adds_up": again("loyalty_lot", granted_points="granted_points + 1"),
    "loyalty_lot.lot_never_negative": (
        *(
            again("loyalty_lot", **{column: "-1"}, granted_points=f"granted_points - {column} - 1")
            for column in ("spent_points", "expired_points", "taken_back_points", "remaining_points")
        ),
        again("loyalty_lot", granted_points="-1", moved_points="moved_points - granted_points - 1"),
    ),
    "loyalty_lot.lot_once_an_account": again("loyalty_lot"),
    "loyalty_lot.dates_never_change": tuple(
        change("loyalty_lot", assignment)
        for assignment in (
            "account_id = account_id + 1",
            "expires_on = expires_on + 1",
            "available_on = available_on - 1",
        )
    ),
    "loyalty_lot.never_deleted": delete("loyalty_lot"),
    "loyalty_lot.never_truncated": truncate("loyalty_lot"),
    "loyalty_lotuse.lot_use_is_something": again("loyalty_lotuse", points="0"),
    "loyalty_lotuse.lot_use_once_an_entry": again("loyalty_lotuse"),
    **append_only("loyalty_lotuse"),
    "loyalty_membergroup.member_group_once_a_programme": again("loyalty_membergroup"),
    **append_only("loyalty_mergedpoints"),
    "loyalty_mergedpoints.loyalty_mergedpoints_transfer_id_key": again("loyalty_mergedpoints"),
    "loyalty_pointaccount.account_leads_to_another": change("loyalty_pointaccount", "merged_into_id = id"),
    "loyalty_pointaccount.account_once_a_member": again("loyalty_pointaccount"),
    "loyalty_pointaccount.account_owed_not_negative": again("loyalty_pointaccount", owed_points="-1"),
    "loyalty_programme.loyalty_programme_code_key": again("loyalty_programme"),
    "loyalty_programme.programme_approvals_end": (
        again("loyalty_programme", approval_hours="0"),
        again("loyalty_programme", approval_hours="721"),
    ),
    "loyalty_programme.programme_households_of_several": (
        again("loyalty_programme", code="'other'", household_size="1"),
        again("loyalty_programme", code="'other'", household_size="11"),
    ),
    "loyalty_programme.programme_reinstates_within_reason": (
        again("loyalty_programme", reinstatement_days="731"),
        again("loyalty_programme", reinstated_validity_days="0"),
        again("loyalty_programme", reinstated_validity_days="731"),
    ),
    "loyalty_programme.programme_points_live": again("loyalty_programme", points_validity_years="0"),
    "loyalty_programme.programme_stays_within_reason": (
        again("loyalty_programme", points_validity_years="21"),
        again("loyalty_programme", verified_email_points="100001"),
        again("loyalty_programme", days_until_available="181"),
    ),
    "loyalty_purchase.never_deleted": delete("loyalty_purchase"),
    "loyalty_purchase.never_truncated": truncate("loyalty_purchase"),
    "loyalty_purchase.purchase_amount_positive": (
        again("loyalty_purchase", amount_cents="0"),
        again("loyalty_purchase", amount_cents="-1"),
    ),
    "loyalty_purchase.purchase_reference_once_a_partner": again("loyalty_purchase"),
    "loyalty_purchase.settled_never_changes": (
        change("loyalty_purchase", "points = 9", where="state = 1"),
        change("loyalty_purchase", "state = 1", where="state = 3"),
    ),
    "loyalty_reinstatedexpiry.reinstated_expiry_is_something": again("loyalty_reinstatedexpiry", points="0"),
    "loyalty_reinstatedexpiry.reinstated_expiry_once_a_request": again("loyalty_reinstatedexpiry"),
    **append_only("loyalty_reinstatedexpiry"),
    "loyalty_rejectedline.rejected_line_once": again("loyalty_rejectedline"),
    "loyalty_rulespending.loyalty_rulespending_family_id_key": again("loyalty_rulespending"),
    "loyalty_rulespending.rule_spending_not_negative": again("loyalty_rulespending", granted_points="-1"),
    "loyalty_ruletally.rule_tally_not_negative": (
        again("loyalty_ruletally", granted_points="-1"),
        again("loyalty_ruletally", entitled_points="-1"),
    ),
    "loyalty_ruletally.rule_tally_once_a_period": again("loyalty_ruletally"),
    "loyalty_spendingpermission.never_deleted": delete("loyalty_spendingpermission"),
    "loyalty_spendingpermission.never_truncated": truncate("loyalty_spendingpermission"),
    "loyalty_spendingpermission.only_ended": (
        *(
            change("loyalty_spendingpermission", assignment, where="ended_at IS NULL")
            for assignment in (
                "giver_id = giver_id + 1",
                "spender_id = spender_id + 1",
                "given_at = given_at - interval '1 second'",
            )
        ),
        change("loyalty_spendingpermission", "ended_at = now()", where="ended_at IS NOT NULL"),
    ),
    "loyalty_spendingpermission.spending_permission_ends_after_it_was_given": again(
        "loyalty_spendingpermission", ended_at="given_at - interval '1 second'"
    ),
    "loyalty_spendingpermission.spending_permission_of_another": again(
        "loyalty_spendingpermission", spender_id="giver_id"
    ),
    "loyalty_spendingpermission.spending_permission_open_once": again(
        "loyalty_spendingpermission", where="ended_at IS NULL"
    ),
    "loyalty_succession.never_deleted": delete("loyalty_succession"),
    "loyalty_succession.never_truncated": truncate("loyalty_succession"),
    "loyalty_succession.succession_of_two_programmes": again("loyalty_succession", target_id="source_id"),
    "loyalty_succession.succession_one_of_a_programme": again("loyalty_succession"),
    "loyalty_succession.succession_rate_within_reason": tuple(
        again("loyalty_succession", **{column: points})
        for column in ("new_points", "old_points")
        for points in ("0", "1000001")
    ),
    "loyalty_succession.succession_rehearsed_before_it_runs": again(
        "loyalty_succession", rehearsed_at="NULL"
    ),
    "loyalty_succession.terms_are_kept": tuple(
        change("loyalty_succession", assignment)
        for assignment in (
            "target_id = target_id + 1",
            "new_points = 7",
            "old_points = 7",
            "rounding = 'up'",
            "rounded_over = 'lot'",
            "started_at = NULL",
        )
    ),
    "loyalty_transfer.loyalty_transfer_undoes_id_key": again("loyalty_transfer", where="undoes_id > 0"),
    "loyalty_transfer.transfer_between_two_accounts": again("loyalty_transfer", target_id="source_id"),
    **append_only("loyalty_transfer"),
    "members_activationattempt.members_activationattempt_public_id_key": again("members_activationattempt"),
    "members_card.card_last4_is_four_digits": again("members_card", last4="'42a2'"),
    "members_card.card_token_once_an_issuer": again("members_card"),
    "members_cardproduct.card_product_code_once_an_issuer": again("members_cardproduct"),
    **append_only("members_cardstatuschange"),
    **append_only("members_consent"),
    "members_detailorigin.detail_origin_once_a_detail": again("members_detailorigin"),
    "members_emailchange.members_emailchange_public_id_key": again("members_emailchange"),
    "members_erasedreference.erased_reference_once_an_issuer": again("members_erasedreference"),
    **append_only("members_mergedcard"),
    "members_mergedcard.merged_card_once_a_merge": again("members_mergedcard"),
    "members_membermerge.merge_of_two_members": again("members_membermerge", merged_id="survivor_id"),
    "members_membermerge.merge_once_a_member": again("members_membermerge"),
    "members_issuer.members_issuer_code_key": again("members_issuer"),
    "members_member.member_once_a_sign_in_and_issuer": again(
        "members_member", where="user_id IS NOT NULL", public_id=UUID, reference="'other'"
    ),
    "members_member.member_reference_once_an_issuer": again("members_member", public_id=UUID, user_id="NULL"),
    "members_member.members_member_public_id_key": again(
        "members_member", reference="'other'", user_id="NULL"
    ),
    "members_notificationchoice.notification_choice_once_a_kind": again("members_notificationchoice"),
    "members_proofcode.members_proofcode_public_id_key": again("members_proofcode"),
    "members_trusteddevice.members_trusteddevice_key_hash_key": again("members_trusteddevice"),
    "members_user.members_user_email_key": again("members_user"),
    "members_user_groups.members_user_groups_user_id_group_id_e4658dba_uniq": again("members_user_groups"),
    "members_user_user_permissions.members_user_user_permis_user_id_permission_id_290733df_uniq": again(
        "members_user_user_permissions"
    ),
    "partners_partner.partners_partner_code_key": again("partners_partner"),
    # Some columns of a store are worked out by the database and cannot be written.
    "partners_store.store_code_once_a_partner": (
        "INSERT INTO partners_store (partner_id, code, name, channel, address, postcode, city, country)"
        " SELECT partner_id, code, name, channel, address, postcode, city, country FROM partners_store"
    ),
    "rewards_giftcard.gift_card_balance_within_its_face_value": again(
        "rewards_giftcard", balance_cents="face_value_cents + 1"
    ),
    "rewards_giftcard.rewards_giftcard_code_hash_key": again(
        "rewards_giftcard", public_id=UUID, order_id="-1"
    ),
    "rewards_giftcard.rewards_giftcard_face_value_cents_check": again(
        "rewards_giftcard", face_value_cents="-1", balance_cents="-1"
    ),
    "rewards_giftcard.rewards_giftcard_order_id_key": again(
        "rewards_giftcard", public_id=UUID, code_hash="'another'"
    ),
    "rewards_giftcard.rewards_giftcard_public_id_key": again(
        "rewards_giftcard", order_id="-1", code_hash="'another'"
    ),
    **append_only("rewards_giftcardmovement"),
    "rewards_giftcardproduct.gift_card_product_has_a_price": (
        again("rewards_giftcardproduct", face_value_cents="0"),
        again("rewards_giftcardproduct", price_points="0"),
    ),
    "rewards_giftcardproduct.gift_card_product_once_a_programme": again("rewards_giftcardproduct"),
    "rewards_giftcardproduct.gift_card_product_within_reason": (
        again("rewards_giftcardproduct", face_value_cents="1000001"),
        again("rewards_giftcardproduct", price_points="10000001"),
        again("rewards_giftcardproduct", validity_months="0"),
        again("rewards_giftcardproduct", validity_months="121"),
    ),
    "rewards_giftcardproduct.value_never_changes": (
        change("rewards_giftcardproduct", "face_value_cents = face_value_cents + 1"),
        change("rewards_giftcardproduct", "currency = 'CHF'"),
        change("rewards_giftcardproduct", "programme_id = programme_id + 1"),
    ),
    "rewards_order.order_cancelled_has_an_instant": (
        again("rewards_order", state="'cancelled'", cancelled_at="NULL"),
        again("rewards_order", state="'fulfilled'", cancelled_at="now()"),
    ),
    "rewards_ordershare.rewards_ordershare_transfer_id_key": again("rewards_ordershare"),
    **append_only("rewards_ordershare"),
    "rewards_order.rewards_order_entry_id_key": again("rewards_order", public_id=UUID),
    "rewards_order.rewards_order_public_id_key": again("rewards_order", entry_id="-1"),
}
"""What each constraint and each trigger refuses; several statements where it says several things."""

IMPLIED_BY = {
    "loyalty_adjustmentlimit.loyalty_adjustmentlimit_points_a_day_check": (
        "loyalty_adjustmentlimit.adjustment_limit_within_reason",
    ),
    "loyalty_adjustmentrequest.loyalty_adjustmentrequest_limit_points_check": (
        "loyalty_adjustmentrequest.adjustment_within_the_limit",
    ),
    "loyalty_adjustmentrequest.loyalty_adjustmentrequest_together_points_check": (
        "loyalty_adjustmentrequest.adjustment_within_the_limit",
    ),
    "loyalty_backtest.loyalty_backtest_value_points_check": (
        "loyalty_backtest.back_test_value_of_some_points",
    ),
    "loyalty_earningrule.loyalty_earningrule_factor_percent_check": (
        "loyalty_earningrule.earning_rule_factor_within_reason",
    ),
    "loyalty_earningrule.loyalty_earningrule_nth_purchase_check": (
        "loyalty_earningrule.earning_rule_nth_gives_a_bonus",
    ),
    "loyalty_earningrule.loyalty_earningrule_per_cents_check": ("loyalty_earningrule.earning_rule_divides",),
    "loyalty_entry.loyalty_entry_kind_check": ("loyalty_entry.entry_sign_follows_its_kind",),
    "loyalty_feedimport.loyalty_feedimport_read_lines_check": (
        "loyalty_feedimport.loyalty_feedimport_accepted_lines_check",
    ),
    "loyalty_programme.loyalty_programme_approval_hours_check": (
        "loyalty_programme.programme_approvals_end",
    ),
    "loyalty_programme.loyalty_programme_reinstated_validity_days_check": (
        "loyalty_programme.programme_reinstates_within_reason",
    ),
    "loyalty_reinstatedexpiry.loyalty_reinstatedexpiry_points_check": (
        "loyalty_reinstatedexpiry.reinstated_expiry_is_something",
    ),
    "loyalty_programme.loyalty_programme_household_size_check": (
        "loyalty_programme.programme_households_of_several",
    ),
    "loyalty_programme.loyalty_programme_points_validity_years_check": (
        "loyalty_programme.programme_points_live",
    ),
    "loyalty_succession.loyalty_succession_new_points_check": (
        "loyalty_succession.succession_rate_within_reason",
    ),
    "loyalty_succession.loyalty_succession_old_points_check": (
        "loyalty_succession.succession_rate_within_reason",
    ),
    "rewards_giftcard.rewards_giftcard_face_value_cents_check": (
        "rewards_giftcard.rewards_giftcard_balance_cents_check",
    ),
    "rewards_giftcardproduct.rewards_giftcardproduct_face_value_cents_check": (
        "rewards_giftcardproduct.gift_card_product_has_a_price",
    ),
    "rewards_giftcardproduct.rewards_giftcardproduct_price_points_check": (
        "rewards_giftcardproduct.gift_card_product_has_a_price",
    ),
    "rewards_giftcardproduct.rewards_giftcardproduct_validity_months_check": (
        "rewards_giftcardproduct.gift_card_product_within_reason",
    ),
}
"""What Django writes for each number that is never below zero, where a stricter constraint of ours says it as
well. The two are taken out together: alone, neither is missed."""


def numbers_never_below_zero() -> Iterator[tuple[str, str, str]]:
    """Yield constraint, table and column of each number of the models that is never below zero."""
    numbers = (models.PositiveSmallIntegerField, models.PositiveIntegerField, models.PositiveBigIntegerField)
    for model in apps.get_models():
        if model._meta.app_label in APPS:
            table = model._meta.db_table
            for field in model._meta.local_concrete_fields:
                if isinstance(field, numbers) and field.column:
                    yield f"{table}.{table}_{field.column}_check", table, field.column


def all_refusals() -> dict[str, tuple[str, ...]]:
    """Return every item with the statements that it refuses."""
    found: dict[str, tuple[str, ...]] = {
        item: (again(table, **{column: "-1"}),) for item, table, column in numbers_never_below_zero()
    }
    for item, statements in REFUSALS.items():
        found[item] = (statements,) if isinstance(statements, str) else statements
    return dict(sorted(found.items()))


def refusals(table: str) -> dict[str, tuple[str, ...]]:
    """Return the items of a table with the statements that they refuse."""
    return {item: statements for item, statements in all_refusals().items() if item.startswith(f"{table}.")}


def tables() -> list[str]:
    """Return the tables that refuse something."""
    return sorted({item.split(".")[0] for item in all_refusals()})
