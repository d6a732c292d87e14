# frozen_string_literal: true

module TutorQuality
  # The bodies that Tutor Quality understands, built from your records. The names on the left are
  # the contract; the right-hand sides are a usual Rails schema: change them to yours.
  #
  # A report is a snapshot of the record as it is now, never a difference. What is nil is left out:
  # absent means "not known", and a guess would count as a measurement.
  module Report
    TEXT_LIMIT = 2_000
    WORD_LIMIT = 200

    module_function

    def session(record)
      gone = record.respond_to?(:destroyed?) && record.destroyed?
      known(
        session_id: id(record.id),
        # Rails raises lock_version with every UPDATE; a DELETE does not, but is a change too.
        version: record.lock_version + (gone ? 1 : 0),
        tutor_id: id(record.tutor_id),
        student_id: id(record.student_id),
        scheduled_time: time(record.scheduled_at),
        completed_time: time(record.completed_at),
        status: gone ? "voided" : record.status.to_s,
        reschedule_info: reschedule(record.last_reschedule),
        no_show_party: record.no_show_party,
        session_number: integer(record.session_number),
        actual_start: time(record.started_at),
        duration_minutes: minutes(record.duration_minutes),
        subject: word(record.subject),
        session_type: record.session_type,
        late_start_minutes: minutes(record.late_start_minutes),
        engagement_score: number(record.engagement_score),
        student_rating: number(record.student_rating),
        learning_objectives_met: record.learning_objectives_met,
        technical_issues: record.technical_issues
      )
    end

    def reschedule(record)
      return if record.nil?

      known(
        initiator: record.initiator,
        reason: text(record.reason),
        original_time: time(record.original_time),
        new_time: time(record.new_time),
        requested_at: time(record.created_at)
      )
    end

    def tutor(record)
      known(
        tutor_id: id(record.id), # also the tutor's user name at sign-in
        version: record.lock_version,
        name: word(record.name),
        email: record.email,
        subjects: record.subjects.map { |subject| word(subject) }.compact,
        onboarding_date: time(record.onboarded_at),
        status: record.status.to_s,
        status_since: time(record.status_changed_at)
      )
    end

    def feedback(record)
      known(
        feedback_id: id(record.id),
        session_id: id(record.session_id),
        student_id: id(record.student_id),
        tutor_id: id(record.tutor_id),
        overall_rating: number(record.overall_rating),
        ratings: known((record.ratings || {}).transform_values { |rating| number(rating) }),
        would_recommend: record.would_recommend,
        free_text: text(record.free_text, 500),
        submitted_at: time(record.created_at)
      )
    end

    # data by type: {response_minutes:}, {hours_offered:}, {prep_minutes:}, {module:}
    def behaviour_event(event_id:, tutor_id:, type:, occurred_at:, data: {})
      { event_id: id(event_id), tutor_id: id(tutor_id), type: type,
        occurred_at: time(occurred_at), data: data }
    end

    def known(fields)
      fields.compact
    end

    def id(value)
      value&.to_s
    end

    # An instant in UTC with its offset written out. Text and plain dates are refused: they have
    # no offset, and guessing one moves a session by hours.
    def time(value)
      return if value.nil?
      raise TypeError, "not an instant: #{value.inspect}" unless value.respond_to?(:getutc)

      value.getutc.strftime("%Y-%m-%dT%H:%M:%S.%LZ")
    end

    # Decimal columns are BigDecimal, which Rails would write as a JSON string.
    def number(value)
      float = value&.to_f
      float if float&.finite?
    end

    def integer(value)
      value&.to_i
    end

    # Never below zero: a session that began early was not late.
    def minutes(value)
      minutes = number(value)
      [minutes, 0].max if minutes
    end

    # A name or a label: nothing is not a label.
    def word(value)
      word = text(value, WORD_LIMIT)
      word unless word.nil? || word.empty?
    end

    def text(value, limit = TEXT_LIMIT)
      value&.to_s&.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)&.scrub&.slice(0, limit)
    end
  end
end
