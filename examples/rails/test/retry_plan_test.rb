# frozen_string_literal: true

require_relative "test_helper"

class RetryPlanTest < Minitest::Test
  Fixed = Struct.new(:rand)
  LEAST = Fixed.new(0.0)
  MOST = Fixed.new(1.0)

  def wait(attempts, **options)
    TutorQuality::RetryPlan.wait(attempts, **options)
  end

  def test_waits_grow_fourfold_to_six_hours
    assert_equal [5, 20, 80, 320, 1280, 5120, 20_480, 21_600, 21_600],
                 (1..9).map { |attempts| wait(attempts, random: MOST).round }
  end

  def test_at_least_half_of_a_wait_is_waited
    assert_equal 2.5, wait(1, random: LEAST)
    assert_equal 10_800, wait(1_000, random: LEAST)
  end

  def test_never_sooner_than_the_server_asked
    assert_equal 30, wait(1, retry_after: 30, random: LEAST)
    assert_equal 35, wait(1, retry_after: 30, random: MOST)
    assert_equal 80, wait(3, retry_after: 30, random: MOST)
  end

  def test_an_absurd_retry_after_is_cut
    assert_equal 86_400, wait(1, retry_after: 999_999_999, random: LEAST)
  end

  def test_a_report_is_tried_for_a_week_and_a_doubtful_one_eight_times
    give_up = ->(age, rechecks) { TutorQuality::RetryPlan.give_up?(age: age, rechecks: rechecks) }

    refute give_up.call(7 * 86_400 - 1, 7)
    assert give_up.call(7 * 86_400, 0)
    assert give_up.call(0, 8)
  end

  def test_eight_rechecks_outlast_a_working_night
    least = (1..7).sum { |attempts| wait(attempts, random: LEAST) }

    assert_operator least, :>, 3 * 3600
  end
end
