# frozen_string_literal: true

# Run every five minutes: enqueues again what is due and was forgotten (the queue was down, a
# worker died), and drops what was delivered long ago.
class SweepOutboxJob < ApplicationJob
  GRACE = 2.minutes # what is due for less than this has a job of its own
  BATCH = 1_000

  queue_as :default

  def perform
    TutorQualityOutbox.due(GRACE.ago).order(:deliver_after).limit(BATCH).each(&:enqueue)
    TutorQualityOutbox.where("delivered_at < ?", TutorQualityOutbox::KEEP_DELIVERED.ago)
                      .limit(BATCH).delete_all
  end
end
