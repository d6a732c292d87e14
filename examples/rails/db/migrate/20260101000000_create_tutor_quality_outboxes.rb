# frozen_string_literal: true

class CreateTutorQualityOutboxes < ActiveRecord::Migration[6.1]
  def change
    create_table :tutor_quality_outboxes do |t|
      t.string :webhook_id, null: false, limit: 64, index: { unique: true }
      t.string :path, null: false
      t.text :body, null: false
      t.integer :attempts, null: false, default: 0
      t.integer :rechecks, null: false, default: 0
      t.datetime :deliver_after, null: false
      t.datetime :first_tried_at
      t.datetime :delivered_at
      t.datetime :parked_at
      t.integer :answer_status
      t.text :answer_text
      t.timestamps
    end
    add_index :tutor_quality_outboxes, %i[delivered_at parked_at deliver_after], name: "tutor_quality_outboxes_due"

    # If sessions and tutors have none yet. It switches on Rails' optimistic locking: two people
    # saving the same record at once then get ActiveRecord::StaleObjectError instead of a lost update.
    add_column :sessions, :lock_version, :integer, null: false, default: 0 unless column_exists?(:sessions, :lock_version)
    add_column :tutors, :lock_version, :integer, null: false, default: 0 unless column_exists?(:tutors, :lock_version)
  end
end
