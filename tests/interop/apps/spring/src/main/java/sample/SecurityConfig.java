package sample;

import java.net.URI;
import java.util.Map;
import java.util.Objects;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.HttpSessionOAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.security.web.authentication.logout.LogoutSuccessHandler;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.web.util.UriComponentsBuilder;
import tools.jackson.databind.json.JsonMapper;

@Configuration
class SecurityConfig {

    @Bean
    SecurityFilterChain filterChain(HttpSecurity http, AuthenticationFailureHandler onFailure,
            LogoutSuccessHandler cognitoLogout) {
        var logoutByGet = PathPatternRequestMatcher.pathPattern(HttpMethod.GET, "/logout");
        return http
                .authorizeHttpRequests(requests -> requests
                        .requestMatchers("/login", "/me", "/refresh", "/logged-out", "/error")
                        .permitAll()
                        .anyRequest().authenticated())
                .oauth2Login(login -> login
                        .loginPage("/login") // in App.java, instead of the generated page
                        .defaultSuccessUrl("/me", true)
                        .failureHandler(onFailure))
                // By default /logout takes only a POST with a CSRF token. A GET lets any other
                // site log the user out, which this sample accepts.
                .logout(logout -> logout
                        .logoutRequestMatcher(logoutByGet)
                        .logoutSuccessHandler(cognitoLogout))
                // POST /refresh has no form to carry a CSRF token; the session's cookie is
                // SameSite=Lax, so another site's POST comes without it.
                .csrf(csrf -> csrf.ignoringRequestMatchers("/refresh"))
                .build();
    }

    /**
     * Keeps the tokens in the HTTP session, so that logout drops them. The default keeps them in
     * memory for each user (by "sub"), shared by all of the user's sessions.
     */
    @Bean
    OAuth2AuthorizedClientRepository authorizedClientRepository() {
        return new HttpSessionOAuth2AuthorizedClientRepository();
    }

    /** The default redirects to /login?error, which would hide the OAuth error code. */
    @Bean
    AuthenticationFailureHandler onFailure(JsonMapper json) {
        return (request, response, exception) -> {
            OAuth2Error error = exception instanceof OAuth2AuthenticationException e
                    ? e.getError() : new OAuth2Error("login_failed");
            response.setStatus(401);
            response.setContentType("application/json");
            json.writeValue(response.getOutputStream(), Map.of(
                    "signed_in", false,
                    "error", error.getErrorCode(),
                    "error_description", Objects.toString(error.getDescription(), "")));
        };
    }

    /**
     * Cognito's logout takes client_id and logout_uri, so OidcClientInitiatedLogoutSuccessHandler
     * (id_token_hint and post_logout_redirect_uri) does not work with it. Spring Security has
     * already ended the session when this is called.
     */
    @Bean
    LogoutSuccessHandler cognitoLogout(@Value("${app.domain}") String domain,
            @Value("${app.logout-url}") String logoutUrl, ClientRegistrationRepository clients) {
        URI target = UriComponentsBuilder.fromUriString(domain + "/logout")
                .queryParam("client_id", "{clientId}")
                .queryParam("logout_uri", "{logoutUrl}")
                .encode() // the template first, so that ":" and "/" of the values are encoded too
                .buildAndExpand(clients.findByRegistrationId("cognito").getClientId(), logoutUrl)
                .toUri();
        return (request, response, authentication) -> response.sendRedirect(target.toString());
    }
}
