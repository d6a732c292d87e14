# frozen_string_literal: true

# One attempt to deliver one outbox row. The row, not the queue, remembers attempts and waits, so
# a job that is lost, doubled or retried by the queue does no harm.
class DeliverOutboxJob < ApplicationJob
  queue_as :default

  def perform(outbox_id)
    row = TutorQualityOutbox.claim(outbox_id)
    return if row.nil? # delivered, parked, not due yet, or in another worker's hands

    answer = TutorQuality.client.post(row.path, row.body, webhook_id: row.webhook_id)
    again_at = row.settle(answer)
    row.enqueue(at: again_at + 1.second) if again_at
    report_parked(row) if row.parked_at
  end

  private

  # Send this to your error tracker: a parked report is missing from the tutor's score.
  def report_parked(row)
    Rails.logger.error("tutor_quality outbox #{row.id}: parked after answer #{row.answer_status.inspect}")
  end
end
