# frozen_string_literal: true

require_relative "test_helper"

class ClientTest < Minitest::Test
  NOW = Time.utc(2026, 11, 20, 17, 0, 0)
  BODY = '{"session_id":"s-81","reason":"mañana"}'
  ACCEPTED = [202, {}, '{"id":"s-81","duplicate":false}'].freeze

  def post(url, body = BODY, clock: -> { NOW }, webhook_id: "w-1", secret: LOCAL_SECRET)
    TutorQuality::Client.new(url: url, secret: secret, clock: clock)
                        .post("/api/sessions", body, webhook_id: webhook_id)
  end

  def test_the_request_that_arrives_carries_the_very_bytes_and_a_good_signature
    Stub.open(ACCEPTED) do |stub|
      answer = post(stub.url)

      request = stub.requests.fetch(0)
      assert_equal ["POST", "/api/sessions", BODY.b], [request.verb, request.path, request.body]
      assert_equal "application/json", request.headers["content-type"]
      assert Verifier.accepts?([LOCAL_SECRET], request.headers, request.body, NOW.to_i)
      assert_equal :done, answer.verdict
      refute answer.duplicate?
    end
  end

  def test_a_second_attempt_has_the_same_id_and_a_timestamp_and_signature_of_its_own
    times = [NOW, NOW + 3600]
    Stub.open([503, {}, ""], ACCEPTED) do |stub|
      client = TutorQuality::Client.new(url: stub.url, secret: LOCAL_SECRET, clock: -> { times.shift })

      verdicts = Array.new(2) { client.post("/api/sessions", BODY, webhook_id: "w-1").verdict }

      first, second = stub.requests.map(&:headers)
      assert_equal %i[retry done], verdicts
      assert_equal first["webhook-id"], second["webhook-id"]
      assert_equal (NOW + 3600).to_i.to_s, second["webhook-timestamp"]
      refute_equal first["webhook-signature"], second["webhook-signature"]
      assert Verifier.accepts?([LOCAL_SECRET], second, BODY, (NOW + 3600).to_i)
    end
  end

  { 202 => :done,
    400 => :park, 409 => :park, 413 => :park, 415 => :park, 422 => :park,
    401 => :recheck, 403 => :recheck, 404 => :recheck, 200 => :recheck, 204 => :recheck, 301 => :recheck,
    408 => :retry, 425 => :retry, 429 => :retry, 500 => :retry, 502 => :retry, 503 => :retry, 504 => :retry,
    599 => :retry }.each do |status, verdict|
    define_method("test_#{status}_means_#{verdict}") do
      Stub.open([status, {}, ""]) { |stub| assert_equal verdict, post(stub.url).verdict }
    end
  end

  def test_a_duplicate_is_done_too
    Stub.open([202, {}, '{"id":"s-81","duplicate":true}']) do |stub|
      answer = post(stub.url)

      assert_equal [:done, true], [answer.verdict, answer.duplicate?]
    end
  end

  def test_a_refusal_names_the_fields
    problem = '{"errors":[{"field":"reschedule_info.initiator","message":"Field required"}]}'
    Stub.open([422, {}, problem]) do |stub|
      assert_equal({ "reschedule_info.initiator" => "Field required" }, post(stub.url).errors)
    end
  end

  { "seconds" => ["30", 30], "a date" => [(NOW + 90).httpdate, 90], "a date in the past" => [(NOW - 90).httpdate, 0],
    "nonsense" => ["soon", nil], "a negative number" => ["-5", nil] }.each do |name, (header, seconds)|
    define_method("test_retry_after_as_#{name.tr(' ', '_')}") do
      Stub.open([429, { "Retry-After" => header }, ""]) do |stub|
        answer = post(stub.url)

        seconds.nil? ? assert_nil(answer.retry_after) : assert_equal(seconds, answer.retry_after)
      end
    end
  end

  def test_no_answer_of_any_sort_is_tried_again
    closed = TCPServer.new("127.0.0.1", 0)
    port = closed.addr[1]
    closed.close

    assert_equal :retry, post("http://127.0.0.1:#{port}").verdict
    assert_equal :retry, post("http://nowhere.invalid").verdict
    %i[hang_up garbage].each { |fault| Stub.open(fault) { |stub| assert_equal :retry, post(stub.url).verdict, fault } }
  end

  def test_a_server_that_does_not_speak_tls_is_tried_again
    server = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new { server.accept.tap { |socket| socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") }.close }

    answer = post("https://127.0.0.1:#{server.addr[1]}")

    assert_equal :retry, answer.verdict
    assert_match(/SSL/, answer.text)
  ensure
    thread&.kill
    server&.close
  end

  def test_an_attempt_is_not_repeated_behind_our_back
    Stub.open(:hang_up) do |stub|
      post(stub.url)

      assert_equal 1, stub.requests.size
    end
  end

  def test_a_hostile_answer_does_not_raise
    Stub.open([422, {}, "\xff\xfe{".b * 5_000]) do |stub|
      answer = post(stub.url)

      assert_equal({}, answer.errors)
      assert_operator answer.text.size, :<=, TutorQuality::Answer::TEXT_LIMIT
      assert answer.text.valid_encoding?
    end
  end

  def test_an_address_that_is_none_is_refused_at_once
    ["", "localhost:8080", "ftp://example.com", "/api"].each do |url|
      assert_raises(ArgumentError, url.inspect) { TutorQuality::Client.new(url: url, secret: LOCAL_SECRET) }
    end
  end
end
