# frozen_string_literal: true

begin
  require_relative "rails_app"
rescue LoadError => missing
  raise if ENV["REQUIRE_RAILS"]

  warn "outbox tests left out: #{missing.message}"
  return
end

require "active_support/testing/time_helpers"
require "minitest/mock"

class OutboxTest < Minitest::Test
  include ActiveJob::TestHelper
  include ActiveSupport::Testing::TimeHelpers

  ACCEPTED = [202, {}, '{"id":"1","duplicate":false}'].freeze
  START = Time.utc(2026, 11, 20, 15, 0, 0)

  def before_setup
    super
    travel_to START
    [TutorQualityOutbox, Reschedule, Session, Tutor].each(&:delete_all)
    LOG.truncate(0)
  end

  def after_teardown
    travel_back
    super
  end

  def book(**fields)
    Session.create!(tutor_id: 7, student_id: 3, scheduled_at: START + 3600, status: "scheduled", **fields)
  end

  def bodies
    TutorQualityOutbox.order(:id).map { |row| JSON.parse(row.body) }
  end

  def row
    TutorQualityOutbox.last
  end

  # Runs the job for the last row against a server that gives these answers, one per attempt.
  def deliver(*answers)
    Stub.open(*answers) do |stub|
      TutorQuality.client = TutorQuality::Client.new(url: stub.url, secret: LOCAL_SECRET)
      answers.size.times do
        travel_to(row.deliver_after + 1)
        DeliverOutboxJob.perform_now(row.id)
      end
      return stub.requests
    end
  end

  # --- the row and the change: both or neither

  def test_a_change_and_its_report_are_committed_together
    session = book
    session.update!(status: "completed", completed_at: START + 7200)

    assert_equal [[0, "scheduled"], [1, "completed"]], bodies.map { |body| body.values_at("version", "status") }
    assert_equal "2026-11-20T17:00:00.000Z", bodies.last["completed_time"]
    assert_equal %w[/api/sessions], TutorQualityOutbox.distinct.pluck(:path)
  end

  def test_a_change_that_is_rolled_back_leaves_no_report_and_no_job
    assert_no_enqueued_jobs do
      Session.transaction do
        book
        raise ActiveRecord::Rollback
      end
    end

    assert_equal [0, 0], [Session.count, TutorQualityOutbox.count]
  end

  def test_a_report_that_cannot_be_written_takes_the_change_back
    session = book
    TutorQualityOutbox.stub(:create!, ->(*) { raise ActiveRecord::StatementInvalid, "disk full" }) do
      assert_raises(ActiveRecord::StatementInvalid) { session.update!(status: "cancelled") }
    end

    assert_equal ["scheduled", 1], [session.reload.status, TutorQualityOutbox.count]
  end

  def test_a_job_is_enqueued_only_once_the_change_is_committed
    Session.transaction do
      assert_no_enqueued_jobs { book }
    end

    assert_enqueued_with(job: DeliverOutboxJob, args: [row.id])
  end

  def test_two_changes_in_one_transaction_are_two_versions
    Session.transaction do
      session = book
      session.update!(status: "cancelled")
    end

    assert_equal [0, 1], bodies.map { |body| body["version"] }
  end

  def test_the_loser_of_two_simultaneous_edits_reports_nothing
    session = book
    stale = Session.find(session.id)
    session.update!(status: "cancelled")

    assert_raises(ActiveRecord::StaleObjectError) { stale.update!(status: "no_show") }

    assert_equal %w[scheduled cancelled], bodies.map { |body| body["status"] }
  end

  def test_saving_without_a_change_reports_nothing
    session = book

    assert_no_difference { session.save! }
  end

  def test_a_reschedule_touches_its_session_and_is_reported_with_a_version_of_its_own
    session = book
    Reschedule.create!(session: session, initiator: "tutor", reason: "ill", original_time: START + 3600,
                       new_time: START + 90_000)

    assert_equal [0, 1], bodies.map { |body| body["version"] }
    assert_equal({ "initiator" => "tutor", "reason" => "ill", "original_time" => "2026-11-20T16:00:00.000Z",
                   "new_time" => "2026-11-21T16:00:00.000Z", "requested_at" => "2026-11-20T15:00:00.000Z" },
                 bodies.last["reschedule_info"])
    assert_equal 1, session.reload.lock_version
  end

  def test_a_destroyed_session_is_voided_by_a_newer_version
    book.destroy!

    assert_equal [[0, "scheduled"], [1, "voided"]], bodies.map { |body| body.values_at("version", "status") }
  end

  def test_a_tutor_reports_too
    Tutor.create!(name: "Ana Núñez", email: "ana@example.com", status: "active", onboarded_at: START)

    assert_equal ["Ana Núñez", "/api/tutors"], [bodies.last["name"], row.path]
  end

  # --- the body and the id: frozen

  def test_the_body_stays_what_it_was_when_the_session_goes_on
    session = book(subject: "Español 🎓")
    first = TutorQualityOutbox.first
    before = first.body
    session.update!(subject: "Français")

    assert_equal before, first.reload.body
    assert before.ascii_only?
    assert_equal "Español 🎓", JSON.parse(before)["subject"]
  end

  def test_a_decimal_column_arrives_as_a_number
    book(student_rating: "4.5")

    assert_equal 4.5, bodies.last["student_rating"]
  end

  def test_every_attempt_has_the_same_id_and_body
    book
    requests = deliver([503, {}, ""], [500, {}, ""], ACCEPTED)

    assert_equal 3, requests.size
    assert_equal [[row.webhook_id, row.body]], requests.map { |r| [r.headers["webhook-id"], r.body] }.uniq
    assert_equal 3, requests.map { |r| r.headers["webhook-timestamp"] }.uniq.size
    assert_equal [3, 202], [row.attempts, row.answer_status]
    assert_equal Time.current, row.delivered_at
  end

  # --- answers

  def test_a_transient_answer_puts_the_row_off_and_enqueues_the_next_attempt
    book
    clear_enqueued_jobs
    deliver([503, { "Retry-After" => "120" }, ""])

    assert_operator row.deliver_after - Time.current, :>=, 120
    assert_equal 1, enqueued_jobs.size
    assert_operator enqueued_jobs[0]["scheduled_at"] || enqueued_jobs[0][:at], :>, row.deliver_after.to_f
  end

  def test_a_refusal_parks_the_row_with_the_answer_and_says_so
    book
    clear_enqueued_jobs
    deliver([422, {}, '{"errors":[{"field":"status","message":"unknown"}]}'])

    assert_equal [1, 422], [TutorQualityOutbox.parked.count, row.answer_status]
    assert_includes row.answer_text, "unknown"
    assert_includes LOG.string, "parked after answer 422"
    assert_empty enqueued_jobs
  end

  def test_401_is_tried_eight_times_and_then_parked
    book
    deliver(*Array.new(7) { [401, {}, ""] })
    assert_nil row.parked_at

    deliver([401, {}, ""])
    assert row.parked_at
  end

  def test_an_outage_of_a_week_parks_the_row_and_a_release_sends_it_unchanged
    book
    webhook_id = row.webhook_id
    attempts = 0
    until row.parked_at
      deliver(:hang_up)
      attempts += 1
    end
    assert_includes 25..60, attempts
    assert_includes 7.0..7.5, (row.parked_at - START) / 86_400

    row.release
    requests = deliver(ACCEPTED)
    assert_equal webhook_id, requests[0].headers["webhook-id"]
    assert row.delivered_at
  end

  def test_a_delivered_row_can_be_sent_once_more_unchanged
    book
    first = deliver(ACCEPTED)[0]

    row.release
    again = deliver(ACCEPTED)[0]

    assert_equal first.headers["webhook-id"], again.headers["webhook-id"]
    assert_equal first.body, again.body
    assert row.delivered_at
  end

  # --- lost, doubled and late jobs

  def test_only_one_of_two_workers_gets_a_row
    book

    assert TutorQualityOutbox.claim(row.id)
    assert_nil TutorQualityOutbox.claim(row.id)
  end

  def test_a_delivered_row_is_not_sent_again
    book
    deliver(ACCEPTED)

    assert_empty deliver(ACCEPTED)
  end

  def test_a_queue_that_is_down_does_not_fail_the_change_and_the_sweeper_catches_up
    DeliverOutboxJob.stub(:perform_later, ->(*) { raise Errno::ECONNREFUSED }) { book }
    assert_equal 1, Session.count
    assert_empty enqueued_jobs
    assert_includes LOG.string, "left to the sweeper"

    travel 1.minute
    assert_no_enqueued_jobs { SweepOutboxJob.perform_now }
    travel 2.minutes
    SweepOutboxJob.perform_now
    assert_enqueued_with(job: DeliverOutboxJob, args: [row.id])
  end

  def test_the_row_of_a_worker_that_died_is_due_again_after_its_lease
    book
    TutorQualityOutbox.claim(row.id)

    travel TutorQualityOutbox::LEASE + 1
    assert TutorQualityOutbox.claim(row.id)
  end

  def test_the_sweeper_leaves_alone_what_waits_or_is_done_and_drops_the_old
    book
    deliver(ACCEPTED)
    book
    deliver([422, {}, ""])
    clear_enqueued_jobs

    travel 31.days
    SweepOutboxJob.perform_now

    assert_empty enqueued_jobs
    assert_equal [nil], TutorQualityOutbox.pluck(:delivered_at)
  end

  def test_a_queue_that_cannot_wait_leaves_the_retry_to_the_sweeper
    book
    DeliverOutboxJob.stub(:set, ->(*) { raise NotImplementedError }) { deliver([503, {}, ""]) }

    travel 1.hour
    clear_enqueued_jobs
    SweepOutboxJob.perform_now
    assert_equal 1, enqueued_jobs.size
  end

  private

  def assert_no_difference
    before = TutorQualityOutbox.count
    yield
    assert_equal before, TutorQualityOutbox.count
  end
end
