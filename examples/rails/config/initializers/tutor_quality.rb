# frozen_string_literal: true

require Rails.root.join("lib/tutor_quality").to_s

# A malformed address or secret fails here, at boot.
url = ENV.fetch("TUTOR_QUALITY_URL")

TutorQuality.client = TutorQuality::Client.new(
  url: url,
  secret: ENV.fetch("TUTOR_QUALITY_WEBHOOK_SECRET") # two, separated by a space, during a rotation
)

TutorQuality.scores = TutorQuality::Scores.new(
  # Webhooks go straight to the API; it answers reads only by the address of the site.
  url: ENV.fetch("TUTOR_QUALITY_SITE_URL", url), # the same in development
  token: if ENV["TUTOR_QUALITY_TOKEN"] # development: make token ROLE=service
           -> { ENV.fetch("TUTOR_QUALITY_TOKEN") }
         else
           TutorQuality::MachineToken.new(
             token_url: ENV.fetch("TUTOR_QUALITY_TOKEN_URL"),
             client_id: ENV.fetch("TUTOR_QUALITY_CLIENT_ID"),
             client_secret: ENV.fetch("TUTOR_QUALITY_CLIENT_SECRET"),
             scope: "tutor-quality/scores.read"
           )
         end
)
