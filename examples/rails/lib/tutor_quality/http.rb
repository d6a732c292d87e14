# frozen_string_literal: true

require "net/http"
require "openssl"
require "uri"

module TutorQuality
  # One HTTP exchange with short timeouts and no hidden repetition.
  module Http
    FAULTS = [
      Timeout::Error, SystemCallError, SocketError, IOError, OpenSSL::SSL::SSLError,
      Net::ProtocolError, Net::HTTPBadResponse, Net::HTTPHeaderSyntaxError
    ].freeze

    module_function

    # Returns Net::HTTPResponse; raises one of FAULTS when there was none.
    def exchange(uri, request)
      http = Net::HTTP.new(uri.host, uri.port)
      http.use_ssl = uri.scheme == "https"
      http.open_timeout = 3
      http.write_timeout = 5
      http.read_timeout = 10
      http.max_retries = 0
      http.start { |connection| connection.request(request) }
    end

    # An absolute http(s) address, checked when the application starts and not at 3 a.m.
    def base(url)
      uri = URI.parse(url.to_s.chomp("/"))
      raise ArgumentError, "not an http(s) address: #{url.inspect}" unless uri.is_a?(URI::HTTP) && uri.host

      uri.to_s
    end
  end
end
