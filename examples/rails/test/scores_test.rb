# frozen_string_literal: true

require_relative "test_helper"

class ScoresTest < Minitest::Test
  TOKEN = [200, {}, '{"access_token":"abc","expires_in":3600}'].freeze

  def scores(stub)
    TutorQuality::Scores.new(url: stub.url, token: -> { "abc" })
  end

  def machine_token(stub, clock)
    TutorQuality::MachineToken.new(token_url: "#{stub.url}/oauth2/token", client_id: "rails", client_secret: "s3cret",
                                   scope: "tutor-quality/scores.read", clock: clock)
  end

  def test_scores_are_read_with_the_bearer_token
    Stub.open([200, {}, '{"tutor_id":"t-7","tier":"Strong"}']) do |stub|
      assert_equal "Strong", scores(stub).scores("t-7").fetch("tier")
      assert_equal ["/api/tutors/t-7/scores", "Bearer abc"],
                   [stub.requests[0].path, stub.requests[0].headers["authorization"]]
    end
  end

  def test_recommendations_have_a_path_of_their_own
    Stub.open([200, {}, '{"items":[]}']) do |stub|
      scores(stub).recommendations(7)

      assert_equal "/api/tutors/7/recommendations", stub.requests[0].path
    end
  end

  def test_an_unknown_tutor_is_nil
    Stub.open([404, {}, "{}"]) { |stub| assert_nil scores(stub).scores("t-0") }
  end

  [[503, {}, ""], [401, {}, ""], [200, {}, "<html>"], :hang_up].each do |answer|
    define_method("test_#{answer.inspect}_is_one_sort_of_error") do
      Stub.open(answer) { |stub| assert_raises(TutorQuality::Error) { scores(stub).scores("t-7") } }
    end
  end

  def test_a_machine_token_is_kept_until_a_minute_before_its_end
    now = Time.utc(2026, 11, 20)
    Stub.open(TOKEN) do |stub|
      token = machine_token(stub, -> { now })

      token.call
      now += 3539
      token.call
      assert_equal 1, stub.requests.size
      now += 1
      assert_equal "abc", token.call
      assert_equal 2, stub.requests.size
      assert_equal "grant_type=client_credentials&scope=tutor-quality%2Fscores.read", stub.requests[0].body
      assert_equal "Basic #{['rails:s3cret'].pack('m0')}", stub.requests[0].headers["authorization"]
    end
  end

  def test_no_token_is_the_same_error_and_keeps_the_secret_out_of_it
    Stub.open([400, {}, '{"error":"invalid_client"}']) do |stub|
      error = assert_raises(TutorQuality::Error) { machine_token(stub, -> { Time.now }).call }

      refute_includes error.message, "s3cret"
    end
  end
end
