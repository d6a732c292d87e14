# frozen_string_literal: true

# Everything Rails says to Tutor Quality and asks of it, in plain Ruby (2.7 or later, no gems).
module TutorQuality
  Error = Class.new(StandardError)

  class << self
    attr_accessor :client, :scores # set by config/initializers/tutor_quality.rb
  end
end

require_relative "tutor_quality/signature"
require_relative "tutor_quality/answer"
require_relative "tutor_quality/retry_plan"
require_relative "tutor_quality/http"
require_relative "tutor_quality/client"
require_relative "tutor_quality/report"
require_relative "tutor_quality/machine_token"
require_relative "tutor_quality/scores"
