# frozen_string_literal: true

# The smallest application that can hold the Rails part: the real migration, model, concern and jobs,
# on SQLite in memory, with sessions, reschedules and tutors as Rails applications have them.

require "logger"
require "active_record"
require "active_job"
require_relative "test_helper"

module Rails
  class << self
    attr_accessor :logger
  end
end
Rails.logger = Logger.new(LOG = StringIO.new)
ActiveJob::Base.logger = Logger.new(nil)
Time.zone_default = Time.find_zone!("America/Chicago")

ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
ActiveRecord::Migration.verbose = false
ActiveRecord::Schema.define do
  create_table :tutors do |t|
    t.string :name, :email, :status
    t.datetime :onboarded_at, :status_changed_at
    t.timestamps
  end
  create_table :sessions do |t|
    t.integer :tutor_id, :student_id, :session_number, :duration_minutes, :late_start_minutes
    t.datetime :scheduled_at, :completed_at, :started_at
    t.string :status, :no_show_party, :subject, :session_type
    t.decimal :student_rating, precision: 2, scale: 1
    t.float :engagement_score
    t.boolean :learning_objectives_met, :technical_issues
    t.timestamps
  end
  create_table :reschedules do |t|
    t.references :session
    t.string :initiator, :reason
    t.datetime :original_time, :new_time
    t.timestamps
  end
end

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true
end

class ApplicationJob < ActiveJob::Base
end

require_relative "../db/migrate/20260101000000_create_tutor_quality_outboxes"
CreateTutorQualityOutboxes.migrate(:up)
require_relative "../app/models/concerns/reports_to_tutor_quality"
require_relative "../app/models/tutor_quality_outbox"
require_relative "../app/jobs/deliver_outbox_job"
require_relative "../app/jobs/sweep_outbox_job"

class Session < ApplicationRecord
  include ReportsToTutorQuality
  has_many :reschedules
  reports_to_tutor_quality("/api/sessions", retract: true) { |session| TutorQuality::Report.session(session) }

  def last_reschedule
    reschedules.order(:id).last
  end
end

class Reschedule < ApplicationRecord
  belongs_to :session, touch: true
end

class Tutor < ApplicationRecord
  include ReportsToTutorQuality
  reports_to_tutor_quality("/api/tutors") { |tutor| TutorQuality::Report.tutor(tutor) }

  def subjects
    %w[Mathematics]
  end
end
