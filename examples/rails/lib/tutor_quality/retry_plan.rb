# frozen_string_literal: true

module TutorQuality
  # When to try a report again, and when to stop and ask a human.
  module RetryPlan
    FIRST_WAIT = 5 # seconds; then four times as long each time: 5 s, 20 s, 80 s, 5 min, 21 min …
    LONGEST_WAIT = 6 * 3600
    LONGEST_RETRY_AFTER = 24 * 3600 # a larger Retry-After is a mistake
    GIVE_UP_AFTER = 7 * 24 * 3600 # a long week-end and a hard outage
    MOST_RECHECKS = 8 # four to eight hours of 401

    module_function

    # Seconds to wait after the given number of attempts (1 = the first has just failed). Half of
    # it is random, so that a thousand reports do not come back in the same second; never sooner
    # than the server asked.
    def wait(attempts, retry_after: nil, random: Random)
      full = [FIRST_WAIT * 4**[attempts - 1, 10].min, LONGEST_WAIT].min
      jittered = full / 2.0 + random.rand * full / 2.0
      return jittered unless retry_after

      [jittered, [retry_after, LONGEST_RETRY_AFTER].min + random.rand * FIRST_WAIT].max
    end

    # age: seconds since the change was made; rechecks: how many :recheck answers so far.
    def give_up?(age:, rechecks:)
      age >= GIVE_UP_AFTER || rechecks >= MOST_RECHECKS
    end
  end
end
