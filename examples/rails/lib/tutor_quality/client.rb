# frozen_string_literal: true

module TutorQuality
  # Posts one report. Every call is one attempt, signed with the time of that attempt.
  class Client
    def initialize(url:, secret:, clock: -> { Time.now })
      @url = Http.base(url)
      @secret = secret
      @clock = clock
      Signature.headers(secret, "check", 0, "") # a malformed secret fails here, not at delivery
    end

    # path as "/api/sessions"; body the JSON text, sent byte for byte; webhook_id the same on every
    # attempt. Never raises for what the network or the server does: see Answer#verdict.
    def post(path, body, webhook_id:)
      now = @clock.call
      uri = URI.parse(@url + path)
      request = Net::HTTP::Post.new(uri)
      request["content-type"] = "application/json"
      Signature.headers(@secret, webhook_id, now.to_i, body).each { |name, value| request[name] = value }
      request.body = body
      answer(Http.exchange(uri, request), now)
    rescue *Http::FAULTS => fault
      Answer.new(status: nil, text: "#{fault.class}: #{fault.message}")
    end

    private

    def answer(response, now)
      Answer.new(status: response.code.to_i, text: response.body,
                 retry_after: Answer.seconds(response["retry-after"], now))
    end
  end
end
