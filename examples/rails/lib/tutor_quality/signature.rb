# frozen_string_literal: true

require "openssl"

module TutorQuality
  # Signs one attempt to deliver, by Standard Webhooks 1.0 (standardwebhooks.com).
  module Signature
    PREFIX = "whsec_"

    module_function

    # The three headers of an attempt. `secrets` is one secret or several separated by spaces
    # (during a rotation); there is one signature for each, and one that fits is enough.
    def headers(secrets, webhook_id, timestamp, body)
      signatures = secrets.split.map { |secret| sign(secret, webhook_id, timestamp, body) }
      raise ArgumentError, "no webhook secret" if signatures.empty?

      { "webhook-id" => webhook_id,
        "webhook-timestamp" => timestamp.to_s,
        "webhook-signature" => signatures.join(" ") }
    end

    # "v1,<base64>" over the bytes of "id.timestamp.body"; timestamp in whole seconds.
    def sign(secret, webhook_id, timestamp, body)
      signed = "#{webhook_id}.#{timestamp}.".b + body.b
      "v1,#{[OpenSSL::HMAC.digest('SHA256', key(secret), signed)].pack('m0')}"
    end

    # The bytes in "whsec_<base64>", or in base64 alone, as the stack makes its first secret.
    def key(secret)
      bytes = secret.delete_prefix(PREFIX).unpack1("m0") # strict: raises ArgumentError
      raise ArgumentError, "the webhook secret is empty" if bytes.empty?

      bytes
    end
  end
end
