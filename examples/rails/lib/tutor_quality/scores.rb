# frozen_string_literal: true

require "json"

module TutorQuality
  # Reads what is known about a tutor, for the Rails admin.
  class Scores
    # token: anything with `call` that returns a bearer token.
    def initialize(url:, token:)
      @url = Http.base(url)
      @token = token
    end

    # Score, level, tier, flags and probabilities as a Hash, nil for a tutor nobody reported yet.
    # Raises TutorQuality::Error when there is no answer: show the page without the scores then.
    def scores(tutor_id)
      get("/api/tutors/#{escape(tutor_id)}/scores")
    end

    # What to do, why, who, until when.
    def recommendations(tutor_id)
      get("/api/tutors/#{escape(tutor_id)}/recommendations")
    end

    private

    def get(path)
      uri = URI.parse(@url + path)
      request = Net::HTTP::Get.new(uri)
      request["authorization"] = "Bearer #{@token.call}"
      request["accept"] = "application/json"
      response = Http.exchange(uri, request)
      case response.code
      when "200" then JSON.parse(response.body)
      when "404" then nil
      else raise Error, "#{path} answered #{response.code}"
      end
    rescue *Http::FAULTS, JSON::ParserError => fault
      raise Error, "#{path}: #{fault.class}"
    end

    def escape(tutor_id)
      URI.encode_www_form_component(tutor_id.to_s)
    end
  end
end
