# frozen_string_literal: true

require "bigdecimal"
require "date"
require_relative "test_helper"

class ReportTest < Minitest::Test
  Session = Struct.new(
    :id, :lock_version, :tutor_id, :student_id, :scheduled_at, :completed_at, :status, :last_reschedule,
    :no_show_party, :session_number, :started_at, :duration_minutes, :subject, :session_type,
    :late_start_minutes, :engagement_score, :student_rating, :learning_objectives_met, :technical_issues,
    keyword_init: true
  )
  Reschedule = Struct.new(:initiator, :reason, :original_time, :new_time, :created_at, keyword_init: true)
  TEN_IN_CHICAGO = Time.new(2026, 11, 20, 10, 0, 0, "-06:00")

  def session(**fields)
    Session.new(id: 81, lock_version: 0, tutor_id: 7, student_id: 3, scheduled_at: TEN_IN_CHICAGO,
                status: "scheduled", **fields)
  end

  def report(**fields)
    TutorQuality::Report.session(session(**fields))
  end

  def test_only_what_is_known_is_said
    assert_equal({ session_id: "81", version: 0, tutor_id: "7", student_id: "3",
                   scheduled_time: "2026-11-20T16:00:00.000Z", status: "scheduled" }, report)
  end

  def test_false_is_known
    assert_equal false, report(learning_objectives_met: false)[:learning_objectives_met]
  end

  def test_a_decimal_column_becomes_a_json_number
    assert_equal '{"student_rating":4.5}',
                 JSON.generate(report(student_rating: BigDecimal("4.5")).slice(:student_rating))
  end

  def test_a_measurement_that_is_no_number_is_left_out
    refute report(engagement_score: Float::NAN).key?(:engagement_score)
  end

  def test_an_instant_is_written_in_utc_to_the_millisecond
    time = Time.at(Time.utc(2026, 3, 8, 8, 59, 59).to_i, 123_999, :usec, in: "+05:30")

    assert_equal "2026-03-08T08:59:59.123Z", TutorQuality::Report.time(time)
  end

  def test_what_has_no_offset_is_refused
    ["2026-11-20 10:00", Date.new(2026, 11, 20), 1_795_000_000].each do |value|
      assert_raises(TypeError) { TutorQuality::Report.time(value) }
    end
  end

  def test_a_reschedule_says_who_why_and_when
    move = Reschedule.new(initiator: "tutor", reason: "", original_time: TEN_IN_CHICAGO,
                          new_time: TEN_IN_CHICAGO + 86_400, created_at: TEN_IN_CHICAGO - 3600)

    assert_equal({ initiator: "tutor", reason: "", original_time: "2026-11-20T16:00:00.000Z",
                   new_time: "2026-11-21T16:00:00.000Z", requested_at: "2026-11-20T15:00:00.000Z" },
                 report(status: "rescheduled", last_reschedule: move)[:reschedule_info])
  end

  def test_text_that_is_broken_or_endless_does_not_break_the_transaction
    text = TutorQuality::Report.text("bad \xff byte #{'x' * 9_000}")

    assert text.valid_encoding?
    assert_equal TutorQuality::Report::TEXT_LIMIT, text.size
    assert_nil TutorQuality::Report.text(nil)
  end

  def test_an_empty_label_is_no_label
    refute report(subject: "").key?(:subject)
    assert_equal 200, report(subject: "x" * 300)[:subject].size
  end

  def test_an_early_start_is_not_late
    assert_equal 0, report(late_start_minutes: -4)[:late_start_minutes]
  end

  def test_feedback_cuts_its_text_to_what_is_accepted
    feedback = Struct.new(:id, :session_id, :student_id, :tutor_id, :overall_rating, :ratings,
                          :would_recommend, :free_text, :created_at)
                     .new(1, 81, 3, 7, BigDecimal("4"), { "patience" => 5, "engagement" => nil }, true,
                          "a" * 600, TEN_IN_CHICAGO)

    body = TutorQuality::Report.feedback(feedback)

    assert_equal 500, body[:free_text].size
    assert_equal({ "patience" => 5.0 }, body[:ratings])
  end

  def test_a_behaviour_event
    assert_equal({ event_id: "login-9", tutor_id: "7", type: "login", occurred_at: "2026-11-20T16:00:00.000Z", data: {} },
                 TutorQuality::Report.behaviour_event(event_id: "login-9", tutor_id: 7, type: "login",
                                                      occurred_at: TEN_IN_CHICAGO))
  end
end
