# Signs in at Amazon Cognito with Sinatra, OmniAuth and omniauth_openid_connect. A confidential
# client without PKCE, which Debian 12's version of the library doesn't have.

# In "development", the default, OmniAuth raises a failed login as an exception.
ENV["RACK_ENV"] ||= "production"

require "json"
require "logger"
require "uri"
require "sinatra/base"
require "omniauth"
require "omniauth_openid_connect"

# Discovery builds https addresses whatever the issuer says; this public setting of the gem swd
# allows http, for a provider on this machine. A provider on https doesn't need it.
SWD.url_builder = URI::HTTP if ENV["ISSUER"].start_with?("http://")

# OmniAuth logs to stdout otherwise.
OmniAuth.config.logger = Logger.new($stderr, level: Logger::WARN)

class App < Sinatra::Base
  # The tokens are larger than a cookie may be, so the session stays in the server's memory. One
  # process only: a real site would use a shared store.
  set :session_store, Rack::Session::Pool
  # Cookies don't depend on the port, so every app on localhost needs a name of its own. With
  # "strict" the browser would not send it when the provider redirects back here.
  set :sessions, key: "ruby_session", same_site: :lax # on https also secure: true
  set :bind, "127.0.0.1"
  set :port, ENV["PORT"]
  set :server, :puma
  set :server_settings, Silent: true
  set :quiet, true

  use OmniAuth::Builder do
    provider :openid_connect,
             name: :cognito, # the paths are /auth/cognito and /auth/cognito/callback
             issuer: ENV["ISSUER"],
             discovery: true,
             scope: ENV["SCOPES"].split(" ").map(&:to_sym),
             response_type: :code,
             client_auth_method: :basic, # client_secret_basic
             client_options: {
               identifier: ENV["CLIENT_ID"],
               secret: ENV["CLIENT_SECRET"],
               redirect_uri: ENV["CALLBACK"]
             }
  end

  helpers do
    # The claims of an ID token that OmniAuth has verified already. `extra.raw_info` would mix them
    # with the answer of userInfo, which the scopes don't limit.
    def claims(id_token)
      JSON::JWT.decode(id_token, :skip_verification).to_h
    end

    def json(value)
      content_type :json
      JSON.generate(value)
    end
  end

  # OmniAuth begins a login only by POST with a CSRF token, so that another site can't start one.
  get "/login" do
    token = Rack::Protection::AuthenticityToken.token(session)
    <<~HTML
      <!DOCTYPE html>
      <title>Sign in</title>
      <form action="/auth/cognito" method="post">
        <input type="hidden" name="authenticity_token" value="#{Rack::Utils.escape_html(token)}">
        <button>Sign in</button>
      </form>
    HTML
  end

  # OmniAuth has redeemed the code and verified the ID token when it calls this.
  get "/auth/cognito/callback" do
    auth = request.env["omniauth.auth"]
    session.clear
    request.session_options[:renew] = true # a new session id for the signed-in user
    session[:user] = {
      "claims" => claims(auth.credentials.id_token),
      "access_token" => auth.credentials.token,
      "has_refresh_token" => !auth.credentials.refresh_token.nil?
    }
    redirect "/me"
  end

  # OmniAuth redirects a failed login to here: a cancel has message=access_denied.
  get "/auth/failure" do
    status 400
    json(signed_in: false, error: params["message"])
  end

  get "/me" do
    json({ signed_in: !session[:user].nil? }.merge(session[:user] || {}))
  end

  # No route /refresh: omniauth_openid_connect has no refresh, so it answers 404.

  get "/logout" do
    session.clear
    # The library's own /auth/cognito/logout sends post_logout_redirect_uri, which Cognito
    # doesn't know.
    query = URI.encode_www_form(client_id: ENV["CLIENT_ID"], logout_uri: ENV["LOGOUT_URL"])
    redirect "#{ENV['DOMAIN']}/logout?#{query}"
  end

  get "/logged-out" do
    json(signed_in: false)
  end
end

$stdout.sync = true
App.run! { |puma| puma.events.on_booted { puts "ready" } }
