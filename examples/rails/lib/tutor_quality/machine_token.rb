# frozen_string_literal: true

require "json"

module TutorQuality
  # An access token for the backend itself (OAuth 2.0 client credentials), kept until it runs out.
  class MachineToken
    EARLY = 60 # seconds before the end at which a new one is fetched

    def initialize(token_url:, client_id:, client_secret:, scope: nil, clock: -> { Time.now })
      @uri = URI.parse(Http.base(token_url))
      @client_id = client_id
      @client_secret = client_secret
      @scope = scope
      @clock = clock
      @lock = Mutex.new
    end

    def call
      @lock.synchronize do
        fetch if @token.nil? || @clock.call >= @renew_at
        @token
      end
    end

    private

    def fetch
      response = Http.exchange(@uri, request)
      raise Error, "no token: #{@uri.host} answered #{response.code}" unless response.code == "200"

      answer = JSON.parse(response.body)
      @token = answer.fetch("access_token")
      @renew_at = @clock.call + answer.fetch("expires_in") - EARLY
    rescue *Http::FAULTS, JSON::ParserError, KeyError => fault
      raise Error, "no token: #{fault.class}"
    end

    def request
      request = Net::HTTP::Post.new(@uri)
      request.basic_auth(@client_id, @client_secret)
      form = { "grant_type" => "client_credentials" }
      form["scope"] = @scope if @scope
      request.set_form_data(form)
      request
    end
  end
end
