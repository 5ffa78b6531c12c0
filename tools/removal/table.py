"""Which tests must fail when a lock is taken out, and all items with their tests.

A new lock is one line here. A constraint or trigger has its line in `tests.integrity.refusals`.
"""

from tests.integrity.refusals import APPS, IMPLIED_BY, all_refusals

__all__ = ["APPS", "IMPLIED_BY", "REFUSED", "caught_by"]

REFUSED = "tests/integrity/test_refused_rows.py::test_the_database_refuses_what_breaks_a_rule_of_the_table"
_LOCKS = "tests/integrity/test_locks.py::"
_MEMBERS = "tests/integrity/test_member_locks.py::"
_MERGES = "tests/integrity/test_locks_of_merges.py::"
_SUCCESSIONS = "tests/integrity/test_succession_locks.py::"
_ORDER = "tests/loyalty/test_ledger_locks.py::"
_HOUSEHOLDS = "tests/integrity/test_household_locks.py::"
_BY_HAND = "tests/integrity/test_adjustment_locks.py::"
_BACK_TESTS = "tests/loyalty/backtest/test_locks.py::"
_RACES = "tests/loyalty/test_ledger_races.py::"

LOCKS = {
    "core.jobs.step_run: JobRun": _LOCKS + "test_a_step_that_one_worker_does_is_passed_over_by_another",
    "core.jobs.step_run: JobRun SKIP LOCKED": (
        _LOCKS + "test_a_step_that_one_worker_does_is_passed_over_by_another"
    ),
    "core.outbox._deliver_first: due": (
        _LOCKS + "test_a_message_that_one_worker_delivers_is_passed_over_by_another"
    ),
    "core.outbox._deliver_first: due SKIP LOCKED": (
        _LOCKS + "test_a_message_that_one_worker_delivers_is_passed_over_by_another"
    ),
    "helpdesk.notes.write_note: Member": (
        _MEMBERS + "test_a_note_written_while_its_member_is_erased_is_refused"
    ),
    "loyalty.adjustments.colleagues.lock_colleague: User": (
        _BY_HAND + "test_a_second_request_counts_what_the_first_took_of_the_day"
    ),
    "loyalty.adjustments.colleagues.lock_day_of: lock_colleague": (
        _MERGES + "test_a_second_merge_counts_what_the_first_took_of_the_day"
    ),
    "loyalty.adjustments.decisions._under_lock: lock_accounts": (
        _BY_HAND + "test_an_approval_waits_for_a_member_who_is_leaving"
    ),
    "loyalty.adjustments.decisions._under_lock: lock_members": (
        _BY_HAND + "test_an_approval_waits_for_a_merge_and_then_locks_both_accounts_at_once"
    ),
    "loyalty.adjustments.decisions.approve_adjustment: lock_colleague": (
        _BY_HAND + "test_a_second_approval_counts_what_the_first_posted"
    ),
    "loyalty.adjustments.leaving.let_leave: lock_day_of": (
        _BY_HAND + "test_a_second_member_who_leaves_counts_what_the_first_lost"
    ),
    "loyalty.adjustments.requests._claim_and_hold: lock_accounts": (
        _BY_HAND + "test_a_request_waits_for_a_member_who_is_leaving"
    ),
    "loyalty.adjustments.requests._claim_and_hold: lock_colleague": (
        _BY_HAND + "test_a_second_request_counts_what_the_first_took_of_the_day"
    ),
    "loyalty.adjustments.requests._claim_and_hold: lock_members": (
        _BY_HAND + "test_a_request_waits_for_a_merge_and_goes_to_the_account_that_is_kept"
    ),
    "loyalty.backtest.run._store: BackTest": (
        _BACK_TESTS + "test_a_chunk_that_one_added_is_not_added_by_another"
    ),
    "loyalty.backtest.service.begin_back_test: Programme": (
        _BACK_TESTS + "test_two_who_ask_one_question_get_one_back_test"
    ),
    "loyalty.enrolment._as_it_stands: lock_accounts": (
        _BY_HAND + "test_whoever_leaves_twice_leaves_on_the_first_day"
    ),
    "loyalty.bonuses.grant_verified_email_points: lock_accounts": (
        _LOCKS + "test_points_for_an_address_are_granted_once_to_two_who_ask"
    ),
    "loyalty.expiry.reminders.remind_step: Programme": (
        _LOCKS + "test_reminders_of_two_dates_are_written_one_after_the_other"
    ),
    "loyalty.feeds.imports._record_chunk: FeedImport": (
        _LOCKS + "test_a_chunk_that_one_recorded_is_not_recorded_by_another"
    ),
    "loyalty.feeds.imports.begin_import: lock_running_import": (
        _LOCKS + "test_two_who_begin_one_content_get_one_import"
    ),
    "loyalty.feeds.imports.lock_running_import: Programme": (
        _LOCKS + "test_two_who_begin_one_content_get_one_import"
    ),
    "loyalty.feeds.uploads._start_running: lock_running_import": (
        _LOCKS + "test_an_upload_joins_the_import_of_its_content_that_just_began"
    ),
    "loyalty.holdings.erase: lock_accounts": (
        _MERGES + "test_the_erasure_of_one_person_locks_all_their_accounts_at_once"
    ),
    "loyalty.households.invitations.invite: lock_accounts": (
        _HOUSEHOLDS + "test_whoever_is_just_leaving_invites_nobody"
    ),
    "loyalty.households.invitations.join_household: lock_accounts": (
        _HOUSEHOLDS + "test_nobody_joins_while_they_found_a_household_of_their_own"
    ),
    "loyalty.households.membership.enter: Household": (
        _HOUSEHOLDS + "test_the_last_place_in_a_household_is_taken_once"
    ),
    "loyalty.households.membership.found_household: lock_accounts": (
        _HOUSEHOLDS + "test_whoever_founds_two_households_at_once_founds_one"
    ),
    "loyalty.households.membership.leave_household: Household": (
        _HOUSEHOLDS + "test_two_who_leave_do_not_wait_in_a_circle_for_the_permissions_between_them"
    ),
    "loyalty.households.membership.leave_household: lock_accounts": (
        _HOUSEHOLDS + "test_whoever_ends_a_permission_waits_for_the_order_that_has_begun[left]"
    ),
    "loyalty.households.membership.put_together: lock_accounts": (
        _HOUSEHOLDS + "test_staff_bring_nobody_along_who_is_just_leaving_the_programme"
    ),
    "loyalty.households.membership.remove_from_household: lock_accounts": (
        _HOUSEHOLDS + "test_of_two_colleagues_who_take_a_member_out_one_did_it"
    ),
    "loyalty.households.permissions.allow_spending: lock_accounts": (
        _HOUSEHOLDS + "test_a_permission_is_not_given_to_somebody_who_is_just_leaving"
    ),
    "loyalty.households.permissions.end_spending: lock_accounts": (
        _HOUSEHOLDS + "test_whoever_ends_a_permission_waits_for_the_order_that_has_begun[taken back]"
    ),
    "loyalty.ledger.locks.LOCK_STATEMENT: FOR NO KEY UPDATE": (
        _RACES + "test_fifty_orders_for_the_last_points_never_overdraw_them"
    ),
    "loyalty.ledger.expire.post_expiries: lock_accounts": _ORDER + "test_an_expiry_locks_its_accounts_first",
    "loyalty.ledger.post.post_batch: lock_accounts": _ORDER + "test_a_batch_locks_its_accounts_first",
    "loyalty.ledger.statement.CREDIT_STATEMENT: FOR NO KEY UPDATE": (
        _LOCKS + "test_a_purchase_of_a_file_goes_on_from_what_the_movement_before_left"
    ),
    "loyalty.ledger.statement.CREDIT_ONE: FOR NO KEY UPDATE": (
        _LOCKS + "test_a_purchase_at_the_till_goes_on_from_what_the_movement_before_left"
    ),
    "loyalty.purchases.at_once.FOUND: FOR KEY SHARE OF m": (
        _LOCKS + "test_a_purchase_at_the_till_waits_for_the_end_of_a_programme"
    ),
    "loyalty.ledger.transfers.undo_transfer: lock_accounts": (
        _ORDER + "test_undoing_a_transfer_locks_before_it_looks_whether_it_was_undone"
    ),
    "loyalty.merging.follow.follow_all: lock_accounts": (
        _MERGES + "test_what_follows_a_merge_locks_both_accounts_before_it_moves"
    ),
    "loyalty.merging.merge.merge_members: lock_accounts": (
        _MERGES + "test_a_merge_locks_both_accounts_before_it_moves_anything"
    ),
    "loyalty.merging.merge.merge_members: lock_day_of": (
        _MERGES + "test_a_second_merge_counts_what_the_first_took_of_the_day"
    ),
    "loyalty.merging.merge.merge_members: lock_members": (
        _MERGES + "test_of_two_who_lead_to_each_other_the_second_is_refused"
    ),
    "loyalty.merging.separate.separate_members: lock_accounts": (
        _MERGES + "test_a_separation_locks_both_accounts_before_it_moves_anything"
    ),
    "loyalty.merging.separate.separate_members: lock_day_of": (
        _MERGES + "test_a_second_separation_counts_what_the_first_left_owing"
    ),
    "loyalty.merging.separate.separate_members: lock_members": (
        _MERGES + "test_two_who_separate_the_same_members_do_it_once"
    ),
    "loyalty.purchases.settle._parked_purchases: FOR UPDATE OF p": (
        _LOCKS + "test_a_waiting_purchase_that_one_settles_is_passed_over_by_another"
    ),
    "loyalty.purchases.settle._parked_purchases: FOR UPDATE OF p SKIP LOCKED": (
        _LOCKS + "test_a_waiting_purchase_that_one_settles_is_passed_over_by_another"
    ),
    "loyalty.purchases.settle._hold_accounts: lock_accounts": (
        _LOCKS + "test_a_second_return_counts_what_the_first_took_back"
    ),
    "loyalty.purchases.returns.waiting_returns: FOR UPDATE OF r": (
        _LOCKS + "test_a_waiting_return_that_one_settles_is_settled_by_nobody_else"
    ),
    "loyalty.purchases.meters.LOCK_BUDGETS: FOR NO KEY UPDATE": (
        _LOCKS + "test_a_second_member_gets_what_the_first_left_of_a_budget"
    ),
    "loyalty.earning.versions._lock: Programme": _LOCKS + "test_two_who_draft_a_rule_get_one_draft",
    "loyalty.earning.versions._draft: _lock": (
        _LOCKS + "test_an_edit_waits_for_the_version_that_is_being_made_live"
    ),
    "loyalty.earning.versions.discard_draft: _lock": (
        _LOCKS + "test_a_draft_that_is_being_made_live_is_not_thrown_away"
    ),
    "loyalty.earning.versions.draft_new_rule: _lock": (
        _LOCKS + "test_two_who_begin_a_rule_with_one_code_get_one"
    ),
    "loyalty.earning.versions.draft_next_version: _lock": (
        _LOCKS + "test_two_who_draft_a_rule_get_one_draft"
    ),
    "loyalty.earning.versions.retire_rule: _lock": (
        _LOCKS + "test_a_version_is_not_retired_while_the_next_is_being_scheduled"
    ),
    "loyalty.earning.versions.withdraw_rule: _lock": (
        _LOCKS + "test_a_version_is_withdrawn_once_by_two_who_ask"
    ),
    "members.services.activation.activate_member: Member": (
        _MEMBERS + "test_a_member_is_activated_by_one_of_two_codes"
    ),
    "members.services.cardholders._known_members: Member": (
        _MEMBERS + "test_a_file_does_not_overwrite_what_a_member_is_just_changing"
    ),
    "members.services.cardholders.record_cardholders: Issuer": (
        _MEMBERS + "test_two_files_that_give_a_new_card_to_two_members_agree_on_one"
    ),
    "members.services.consents.choose_notifications: Member": (
        _MEMBERS + "test_of_two_choices_of_letters_the_later_holds"
    ),
    "members.services.consents.decide_consents: Member": (
        _MEMBERS + "test_a_consent_given_twice_at_once_is_written_down_once"
    ),
    "members.services.contact._use_address: User": (
        _MEMBERS + "test_a_sign_in_that_serves_two_members_keeps_each_former_address"
    ),
    "members.services.contact.change_contact_details: Member": (
        _MEMBERS + "test_details_changed_twice_at_once_are_told_once"
    ),
    "members.services.contact.change_email: Member": (
        _MEMBERS + "test_two_wrong_codes_at_once_use_up_two_tries_of_a_new_address"
    ),
    "members.services.merging.lock_members: Member": (
        _MERGES + "test_of_two_who_lead_to_each_other_the_second_is_refused"
    ),
    "members.services.erasure._persons: Member": (_MEMBERS + "test_a_member_is_erased_once_by_two_who_ask"),
    "members.services.proof.prove_by_code: ProofCode": (
        _MEMBERS + "test_two_wrong_codes_at_once_use_up_two_tries_of_a_proof"
    ),
    "members.services.search.index_all_members: Member": (
        _MEMBERS + "test_indexing_everybody_sees_who_is_just_being_renamed"
    ),
    "loyalty.groups.add_to_group: MemberGroup": (
        _LOCKS + "test_two_who_add_a_member_to_a_group_make_one_membership"
    ),
    "loyalty.purchases.checks.keep_open: FOR KEY SHARE": (
        _SUCCESSIONS + "test_a_programme_is_not_closed_while_somebody_records_lines"
    ),
    "loyalty.succession.service.close_succession: Programme": (
        _SUCCESSIONS + "test_a_programme_is_not_closed_while_somebody_records_lines"
    ),
    "loyalty.succession.service._hold_both: Programme": (
        _SUCCESSIONS + "test_two_who_prepare_a_succession_get_one"
    ),
    "loyalty.succession.service._own: lock_succession": (
        _SUCCESSIONS + "test_a_succession_that_is_being_reversed_is_not_followed"
    ),
    "loyalty.succession.counterparts._succession_of: lock_succession": (
        _SUCCESSIONS + "test_a_member_who_is_moving_gets_no_other_counterpart"
    ),
    "loyalty.succession.move.both_sides_under_lock: lock_accounts": (
        _SUCCESSIONS + "test_points_that_come_at_that_moment_move_as_well"
    ),
    "loyalty.succession.move.both_sides_under_lock: lock_members": (
        _SUCCESSIONS + "test_who_is_led_to_another_at_that_moment_gets_no_account_of_their_own"
    ),
    "loyalty.succession.walks.lock_succession: rows": (
        _SUCCESSIONS + "test_a_chunk_that_one_worker_does_is_passed_over_by_another"
    ),
    "loyalty.succession.walks.lock_succession: rows SKIP LOCKED": (
        _SUCCESSIONS + "test_a_chunk_that_one_worker_does_is_passed_over_by_another"
    ),
    "loyalty.succession.walks.step_succession: lock_succession": (
        _SUCCESSIONS + "test_a_chunk_that_one_worker_does_is_passed_over_by_another"
    ),
    "rewards.services.gift_cards.redeem_gift_card: GiftCard": (
        _LOCKS + "test_a_second_payment_sees_what_the_first_left"
    ),
    "rewards.services.orders.cancel_order: GiftCard": (
        _LOCKS + "test_a_cancellation_sees_what_was_just_paid"
    ),
    "rewards.services.orders.cancel_order: Order": (
        _ORDER + "test_a_cancellation_locks_before_it_looks_at_the_order"
    ),
    "rewards.services.orders.cancel_order: lock_accounts": (
        _ORDER + "test_a_cancellation_locks_before_it_looks_at_the_order"
    ),
    "rewards.services.orders.order_gift_card: lock_accounts": (
        _ORDER + "test_an_order_claims_its_request_and_locks_before_all_else"
    ),
}
"""Each lock by its module, its function and what locks, with the test that must fail without it."""


def caught_by() -> dict[str, str]:
    """Return the test that must catch each item when it is taken out."""
    refused = {item: f"{REFUSED}[{item.split('.')[0]}]" for item in all_refusals()}
    return refused | LOCKS
