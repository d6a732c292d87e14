# frozen_string_literal: true

# All tests: ruby examples/rails/test/run.rb
# Needs Debian's ruby and ruby-minitest; the outbox tests also ruby-activerecord, ruby-activejob and
# ruby-sqlite3. Without those they are left out, and with REQUIRE_RAILS=1 that is a failure.

require "minitest/autorun"

Dir[File.join(__dir__, "*_test.rb")].sort.each { |file| require file }
