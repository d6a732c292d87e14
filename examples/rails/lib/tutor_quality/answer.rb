# frozen_string_literal: true

require "json"
require "time"

module TutorQuality
  # What came back from one attempt, and what it means for the report.
  #
  #   :done    it is stored for good
  #   :retry   a fault that passes: the same report again later
  #   :recheck something between us is wrong (clock, secret, address): again, but not for ever
  #   :park    the report itself was refused: a human looks at it
  class Answer
    TEXT_LIMIT = 4_000
    VERDICTS = {
      202 => :done, # also when it was a duplicate
      400 => :park, # not readable as JSON
      401 => :recheck, # signature: our clock, or a secret that one side does not know yet
      408 => :retry,
      409 => :park, # other content under the same webhook-id, or the same id and version
      413 => :park, # over 64 kB
      415 => :park, # not application/json
      422 => :park, # fields are wrong; the answer names them
      425 => :retry,
      429 => :retry
    }.freeze

    attr_reader :status, :text, :retry_after

    # status nil: no answer at all; text then says why.
    def initialize(status:, text: "", retry_after: nil)
      @status = status
      @text = text.to_s.dup.force_encoding(Encoding::UTF_8).scrub("?")[0, TEXT_LIMIT]
      @retry_after = retry_after
    end

    # Anything unforeseen (a redirect, a 200 from a proxy, a 404) is not a delivery: :recheck.
    def verdict
      return :retry if status.nil? || status >= 500

      VERDICTS.fetch(status, :recheck)
    end

    def duplicate?
      status == 202 && parsed["duplicate"] == true
    end

    # Field => message of a 422.
    def errors
      Array(parsed["errors"]).grep(Hash).to_h { |error| [error["field"], error["message"]] }
    end

    # The Retry-After header as seconds from now (it may be seconds or a date), nil when unusable.
    def self.seconds(header, now)
      return if header.nil?
      return header.to_i if header.match?(/\A\s*\d{1,9}\s*\z/)

      [(Time.httpdate(header) - now).ceil, 0].max
    rescue ArgumentError
      nil
    end

    private

    def parsed
      value = JSON.parse(text)
      value.is_a?(Hash) ? value : {}
    rescue JSON::ParserError
      {}
    end
  end
end
