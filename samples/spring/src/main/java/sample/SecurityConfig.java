package sample;

import java.net.URI;
import java.util.Arrays;
import java.util.Objects;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.ObjectPostProcessor;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserService;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.HttpSessionOAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.client.web.OAuth2LoginAuthenticationFilter;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.AuthenticationFailureHandler;
import org.springframework.security.web.authentication.logout.LogoutSuccessHandler;
import org.springframework.web.servlet.FlashMap;
import org.springframework.web.servlet.support.SessionFlashMapManager;
import org.springframework.web.util.UriComponentsBuilder;

@Configuration
class SecurityConfig {

    /** The API. It takes access tokens and no session; jwtDecoder below verifies them. */
    @Bean
    @Order(1)
    SecurityFilterChain api(HttpSecurity http) {
        return http
                .securityMatcher("/api/**")
                .authorizeHttpRequests(requests -> requests.anyRequest().authenticated())
                .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
                .sessionManagement(session -> session
                        .sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .build();
    }

    /**
     * The pages. State, nonce and PKCE (S256) are sent and checked without any setting, and so is
     * the signature of the ID token. CSRF protection is on: /logout and /refresh take a POST with
     * the token of the page's form.
     */
    @Bean
    @Order(2)
    SecurityFilterChain pages(HttpSecurity http, ConfirmationRequestResolver requests,
            LogoutSuccessHandler cognitoLogout) {
        return http
                .authorizeHttpRequests(paths -> paths
                        .requestMatchers("/", "/style.css", "/error").permitAll()
                        .anyRequest().authenticated())
                .oauth2Login(login -> login
                        .loginPage("/")
                        .defaultSuccessUrl("/", true)
                        .failureHandler(failureHandler())
                        .authorizationEndpoint(endpoint -> endpoint
                                .authorizationRequestResolver(requests))
                        .withObjectPostProcessor(answersToConfirmations()))
                .logout(logout -> logout.logoutSuccessHandler(cognitoLogout))
                // No form-action here: Chrome applies it to redirects, too, and the forms for
                // "confirm" and logout go on to Cognito.
                .headers(headers -> headers.contentSecurityPolicy(policy -> policy.policyDirectives(
                        "default-src 'self'; base-uri 'none'; frame-ancestors 'none'")))
                .build();
    }

    /** Lets a login that a confirmation began be accepted, or refused, by Confirmation. */
    private static ObjectPostProcessor<OAuth2LoginAuthenticationFilter> answersToConfirmations() {
        return new ObjectPostProcessor<>() {
            @Override
            public <O extends OAuth2LoginAuthenticationFilter> O postProcess(O filter) {
                filter.setAuthenticationResultConverter(Confirmation::accept);
                return filter;
            }
        };
    }

    /**
     * Every login that didn't succeed ends here: cancelled, refused by Cognito (after "state" was
     * checked), a callback opened twice or with a wrong state.
     */
    private static AuthenticationFailureHandler failureHandler() {
        return (request, response, exception) -> {
            OAuth2Error error = exception instanceof OAuth2AuthenticationException e
                    ? e.getError() : new OAuth2Error("unknown");
            if (!error.getErrorCode().equals(Confirmation.ANOTHER_PERSON)) {
                var flash = new FlashMap();
                flash.put("message", Message.of(error));
                new SessionFlashMapManager().saveOutputFlashMap(flash, request, response);
            }
            response.sendRedirect("/");
        };
    }

    /**
     * Cognito's logout isn't that of OpenID Connect, so OidcClientInitiatedLogoutSuccessHandler
     * doesn't fit. The app's session, and the tokens in it, are gone when this is called.
     */
    @Bean
    LogoutSuccessHandler cognitoLogout(ClientRegistrationRepository clients, App app) {
        URI url = UriComponentsBuilder.fromUriString(app.logoutEndpoint())
                .queryParam("client_id", "{client}")
                .queryParam("logout_uri", "{uri}") // compared to the last character
                .encode() // before the values are put in, so that ":" and "/" are encoded, too
                .buildAndExpand(cognito(clients).getClientId(), app.url("/"))
                .toUri();
        return (request, response, login) -> response.sendRedirect(url.toString());
    }

    /**
     * Keeps the tokens in the session. By default, they are in memory for each user: all sessions
     * of the user share them, and they stay there after a logout.
     */
    @Bean
    OAuth2AuthorizedClientRepository tokens() {
        return new HttpSessionOAuth2AuthorizedClientRepository();
    }

    /**
     * Doesn't call userInfo, whose values may be what the user wrote into their profile, and would
     * replace those of the ID token. The ID token has all that the scopes ask for.
     */
    @Bean
    OidcUserService oidcUserService() {
        var service = new OidcUserService();
        service.setRetrieveUserInfo(request -> false);
        return service;
    }

    /** Verifies access tokens: signature (RS256 alone), and that Cognito made them for this app. */
    @Bean
    JwtDecoder jwtDecoder(ClientRegistrationRepository clients) {
        ClientRegistration cognito = cognito(clients);
        var provider = cognito.getProviderDetails();
        NimbusJwtDecoder decoder = NimbusJwtDecoder.withJwkSetUri(provider.getJwkSetUri()).build();
        OAuth2TokenValidator<Jwt> standard =
                JwtValidators.createDefaultWithIssuer(provider.getIssuerUri());
        decoder.setJwtValidator(JwtValidators.createDefaultWithValidators(Arrays.asList(
                standard,
                new JwtClaimValidator<Object>("exp", Objects::nonNull),
                new JwtClaimValidator<>("token_use", "access"::equals),
                // Cognito's access tokens have no aud.
                new JwtClaimValidator<>("client_id", cognito.getClientId()::equals))));
        return decoder;
    }

    private static ClientRegistration cognito(ClientRegistrationRepository clients) {
        return clients.findByRegistrationId("cognito");
    }

    /** The settings of application.yaml that aren't Spring Security's. */
    @Bean
    App app(@Value("${app.callback}") URI callback,
            @Value("${app.logout-endpoint}") String logoutEndpoint,
            @Value("${app.identity-provider}") String identityProvider) {
        return new App(callback, logoutEndpoint, identityProvider);
    }

    record App(URI callback, String logoutEndpoint, String identityProvider) {

        /** A URL of this app. Made from what is registered, it doesn't depend on a Host header. */
        String url(String path) {
            return callback.resolve(path).toString();
        }
    }
}
