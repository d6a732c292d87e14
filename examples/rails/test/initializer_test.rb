# frozen_string_literal: true

require "pathname"
require_relative "test_helper"

module Rails
  def self.root
    Pathname(__dir__).parent
  end
end

class InitializerTest < Minitest::Test
  FILE = File.expand_path("../config/initializers/tutor_quality.rb", __dir__)
  GOOD = { "TUTOR_QUALITY_URL" => "https://quality.example.com/", "TUTOR_QUALITY_WEBHOOK_SECRET" => LOCAL_SECRET,
           "TUTOR_QUALITY_TOKEN_URL" => "https://login.example.com/oauth2/token",
           "TUTOR_QUALITY_CLIENT_ID" => "rails", "TUTOR_QUALITY_CLIENT_SECRET" => "s3cret" }.freeze

  def boot(settings)
    before = ENV.to_h
    ENV.update(settings)
    load FILE
  ensure
    ENV.replace(before)
  end

  def test_the_settings_make_a_client_and_a_reader
    boot(GOOD)

    assert_instance_of TutorQuality::Client, TutorQuality.client
    assert_instance_of TutorQuality::Scores, TutorQuality.scores
  end

  def test_reports_and_reads_may_have_different_addresses
    boot(GOOD.merge("TUTOR_QUALITY_URL" => "https://api.example.com",
                    "TUTOR_QUALITY_SITE_URL" => "https://quality.example.com"))

    assert_equal "https://api.example.com", TutorQuality.client.instance_variable_get(:@url)
    assert_equal "https://quality.example.com", TutorQuality.scores.instance_variable_get(:@url)
  end

  def test_development_needs_a_token_only
    boot(GOOD.slice("TUTOR_QUALITY_URL", "TUTOR_QUALITY_WEBHOOK_SECRET").merge("TUTOR_QUALITY_TOKEN" => "abc"))

    assert_instance_of TutorQuality::Scores, TutorQuality.scores
  end

  def test_a_missing_or_malformed_setting_stops_the_boot
    assert_raises(KeyError) { boot(GOOD.merge("TUTOR_QUALITY_WEBHOOK_SECRET" => nil)) }
    assert_raises(ArgumentError) { boot(GOOD.merge("TUTOR_QUALITY_WEBHOOK_SECRET" => "hunter2")) }
    assert_raises(ArgumentError) { boot(GOOD.merge("TUTOR_QUALITY_URL" => "quality.example.com")) }
  end
end
