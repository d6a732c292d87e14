# frozen_string_literal: true

# Writes a report into the outbox in the transaction that changes the record: both happen or neither.
#
#   class Session < ApplicationRecord
#     include ReportsToTutorQuality
#     reports_to_tutor_quality "/api/sessions", retract: true do |session|
#       TutorQuality::Report.session(session)
#     end
#   end
#
# The block runs inside the transaction and its result is frozen as JSON there: what is sent
# tomorrow is what was true now. Sessions and tutors need a `lock_version` column (Rails' optimistic
# locking): it is the report's version and decides which of two is newer, in whatever order they arrive.
#
# Not seen by callbacks, in Rails as here: update_all, update_columns, insert_all, delete. Call
# `report_to_tutor_quality` yourself after those, and raise lock_version with them.
module ReportsToTutorQuality
  extend ActiveSupport::Concern

  class_methods do
    # retract: also report the destruction of a record (a session is then "voided").
    def reports_to_tutor_quality(path, retract: false, &report)
      define_method(:report_to_tutor_quality) { TutorQualityOutbox.put(path, report.call(self)) }

      after_save :report_to_tutor_quality, if: :saved_changes?
      after_touch :report_to_tutor_quality # belongs_to :session, touch: true
      after_destroy :report_to_tutor_quality if retract
    end
  end
end
