# frozen_string_literal: true

require_relative "test_helper"

class SignatureTest < Minitest::Test
  GOLDEN.fetch("sign").each do |vector|
    define_method("test_golden_#{vector['name'].tr(' ', '_')}") do
      secret, id, timestamp, body = vector.values_at("secret", "id", "timestamp", "body")

      assert_equal vector.fetch("signature"), TutorQuality::Signature.sign(secret, id, timestamp, body)
    end
  end

  GOLDEN.fetch("verify").each do |vector|
    define_method("test_verifying_#{vector['name'].tr(' ', '_')}") do
      secrets, headers, body, now = vector.values_at("secrets", "headers", "body", "now")

      assert_equal vector.fetch("valid"), Verifier.accepts?(secrets, headers, body, now)
    end
  end

  def test_two_secrets_give_two_signatures
    current, previous = GOLDEN["verify"].find { |vector| vector["secrets"].size == 2 }["secrets"]

    headers = TutorQuality::Signature.headers("#{previous} #{current}", "id", 1, "{}")

    assert_equal [previous, current].map { |secret| TutorQuality::Signature.sign(secret, "id", 1, "{}") },
                 headers["webhook-signature"].split
  end

  def test_a_secret_as_the_stack_makes_it_signs_as_the_same_with_its_prefix
    made = "k3Zq9sT1bXyA0mWvRf7uHn2LcE8dGp5jJo4iQ6tB" # letters and digits, forty of them

    assert_equal TutorQuality::Signature.sign("whsec_#{made}", "id", 1, "{}"),
                 TutorQuality::Signature.sign(made, "id", 1, "{}")
  end

  def test_a_malformed_secret_is_refused_at_once
    ["", "   ", "whsec_", "whsec_not base64!", "not-base64"].each do |secret|
      assert_raises(ArgumentError, secret.inspect) do
        TutorQuality::Client.new(url: "http://127.0.0.1:1", secret: secret)
      end
    end
  end

  def test_body_and_id_may_differ_in_encoding
    signature = TutorQuality::Signature.sign(LOCAL_SECRET, "id", 1, "ñ")

    assert_equal signature, TutorQuality::Signature.sign(LOCAL_SECRET, "id", 1, "ñ".b)
  end
end
