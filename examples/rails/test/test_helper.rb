# frozen_string_literal: true

require "minitest/autorun"
require "socket"
require_relative "../lib/tutor_quality"

GOLDEN = JSON.parse(File.read(File.join(__dir__, "golden_vectors.json"), encoding: "UTF-8"))
LOCAL_SECRET = "whsec_bG9jYWwtZGV2ZWxvcG1lbnQtc2VjcmV0LTAx"

# What the receiver does with the three headers, in Ruby, for the stub below.
module Verifier
  TOLERANCE = 300

  module_function

  def accepts?(secrets, headers, body, now)
    id, timestamp, signatures = headers.values_at("webhook-id", "webhook-timestamp", "webhook-signature")
    return false if [id, timestamp, signatures].any? { |value| value.nil? || value.empty? }
    return false unless timestamp.match?(/\A\d{1,12}\z/) && (now - timestamp.to_i).abs <= TOLERANCE

    signatures.split.any? do |given|
      secrets.any? { |secret| same?(TutorQuality::Signature.sign(secret, id, timestamp, body), given) }
    end
  end

  def same?(ours, theirs)
    OpenSSL.fixed_length_secure_compare(ours.b, theirs.b)
  rescue ArgumentError # other length
    false
  end
end

Request = Struct.new(:verb, :path, :headers, :body, keyword_init: true)

# A tiny HTTP server on a real socket that answers from a script and remembers what it was asked.
class Stub
  attr_reader :requests

  # answers: [status, headers, body] each, or :hang_up, or :garbage
  def initialize(*answers)
    @answers = answers
    @requests = []
    @server = TCPServer.new("127.0.0.1", 0)
    @thread = Thread.new { serve }
  end

  def url
    "http://127.0.0.1:#{@server.addr[1]}"
  end

  def close
    @thread.kill
    @server.close
  end

  def self.open(*answers)
    stub = new(*answers)
    yield stub
  ensure
    stub&.close
  end

  private

  def serve
    loop do
      socket = @server.accept
      @requests << read(socket)
      write(socket, @answers.size > 1 ? @answers.shift : @answers.first)
    ensure
      socket&.close
    end
  end

  def read(socket)
    verb, path = socket.gets.split
    headers = {}
    while (line = socket.gets.chomp) != ""
      name, value = line.split(": ", 2)
      headers[name.downcase] = value
    end
    Request.new(verb: verb, path: path, headers: headers, body: socket.read(headers["content-length"].to_i))
  end

  def write(socket, answer)
    return if answer == :hang_up
    return socket.write("this is not HTTP\r\n\r\n") if answer == :garbage

    status, headers, body = answer
    head = { "content-length" => body.bytesize, "connection" => "close" }.merge(headers)
    socket.write("HTTP/1.1 #{status} X\r\n#{head.map { |name, value| "#{name}: #{value}\r\n" }.join}\r\n#{body}")
  end
end
