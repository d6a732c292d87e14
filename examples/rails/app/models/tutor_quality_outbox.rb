# frozen_string_literal: true

# A report on its way to Tutor Quality: one row, one webhook-id, one body, however many attempts.
#
# A row is due (deliver_after has passed), delivered, or parked for a human. Rows need no order
# among themselves, because each body carries its version.
class TutorQualityOutbox < ApplicationRecord
  LEASE = 2.minutes # longer than the slowest attempt; a worker that died gives its row back
  KEEP_DELIVERED = 30.days

  scope :open, -> { where(delivered_at: nil, parked_at: nil) }
  scope :parked, -> { where.not(parked_at: nil) }
  scope :due, ->(now = Time.current) { open.where("deliver_after <= ?", now) }

  attr_readonly :webhook_id, :path, :body, :created_at
  after_create_commit :enqueue

  # Called inside the transaction of the change. ASCII, so that no column's charset can alter a byte.
  def self.put(path, report)
    create!(webhook_id: SecureRandom.uuid, path: path, deliver_after: Time.current,
            body: JSON.generate(report, ascii_only: true))
  end

  # The row if it is due and no other worker has it, else nil. One UPDATE decides.
  def self.claim(id, now: Time.current)
    taken = due(now).where(id: id).update_all(["deliver_after = ?, attempts = attempts + 1", now + LEASE])
    find(id) if taken == 1
  end

  # Writes down what an attempt brought. Returns when to try again, nil when there is no need.
  def settle(answer, now: Time.current)
    self.answer_status = answer.status
    self.answer_text = answer.text
    case answer.verdict
    when :done then self.delivered_at = now
    when :park then self.parked_at = now
    else postpone(answer, now)
    end
    save!
    deliver_after unless delivered_at || parked_at
  end

  # After a human has mended the cause: all over again, with the same webhook-id and body. What was
  # delivered is sent once more, for a receiver that has restored an older state; to it, it is a
  # duplicate or news.
  def release
    update!(parked_at: nil, delivered_at: nil, attempts: 0, rechecks: 0, first_tried_at: nil,
            deliver_after: Time.current)
    enqueue
  end

  # A queue that is down must not fail a request whose data is already committed: the sweeper
  # finds the row.
  def enqueue(at: nil)
    job = at ? DeliverOutboxJob.set(wait_until: at) : DeliverOutboxJob
    job.perform_later(id)
  rescue StandardError, NotImplementedError => fault # the latter: the queue cannot wait
    Rails.logger.warn("tutor_quality outbox #{id}: not enqueued, left to the sweeper (#{fault.class})")
  end

  private

  def postpone(answer, now)
    self.first_tried_at ||= now
    self.rechecks += 1 if answer.verdict == :recheck
    if TutorQuality::RetryPlan.give_up?(age: now - first_tried_at, rechecks: rechecks)
      self.parked_at = now
    else
      self.deliver_after = now + TutorQuality::RetryPlan.wait(attempts, retry_after: answer.retry_after)
    end
  end
end
