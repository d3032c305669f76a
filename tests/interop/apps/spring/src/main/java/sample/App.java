package sample;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.OAuth2AccessToken;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.view.RedirectView;

@SpringBootApplication
@RestController
public class App {

    /** The registration's name in application.yaml; it is also in Spring Security's paths. */
    private static final String CLIENT = "cognito";

    private final OAuth2AuthorizedClientRepository tokens;
    private final OAuth2AuthorizedClientManager manager;

    App(OAuth2AuthorizedClientRepository tokens, OAuth2AuthorizedClientManager manager) {
        this.tokens = tokens;
        this.manager = manager;
    }

    public static void main(String[] args) {
        Map<String, String> env = System.getenv();
        var app = new SpringApplication(App.class);
        // Spring Boot splits lists at commas, but not at spaces.
        app.setDefaultProperties(Map.of(
                "scope-list", String.join(",", env.getOrDefault("SCOPES", "openid").split(" +"))));
        if (env.getOrDefault("CLIENT_SECRET", "").isEmpty()) {
            app.setAdditionalProfiles("public-client");
        }
        app.run(args);
    }

    @EventListener(ApplicationReadyEvent.class)
    void ready() {
        System.out.println("ready");
    }

    @GetMapping("/login")
    RedirectView login() {
        return new RedirectView("/oauth2/authorization/" + CLIENT);
    }

    @GetMapping("/me")
    Map<String, Object> me(HttpServletRequest request) {
        Authentication login = SecurityContextHolder.getContext().getAuthentication();
        OAuth2AuthorizedClient client = tokens.loadAuthorizedClient(CLIENT, login, request);
        if (client == null || !(login.getPrincipal() instanceof OidcUser user)) {
            return Map.of("signed_in", false);
        }
        // The ID token's claims alone: user.getClaims() would add those of userInfo.
        var claims = new LinkedHashMap<>(user.getIdToken().getClaims());
        // Spring parses times to Instant; in JSON they are shown as in the token, in seconds.
        claims.replaceAll((name, value) -> value instanceof Instant t ? t.getEpochSecond() : value);
        return Map.of("signed_in", true, "claims", claims,
                "access_token", client.getAccessToken().getTokenValue(),
                "has_refresh_token", client.getRefreshToken() != null);
    }

    /**
     * The manager refreshes only an access token that is about to expire (in less than 60 s).
     * To force it, it is given a copy of the client whose access token has expired. It then saves
     * the new tokens, and Spring Security verifies the new ID token and renews the OidcUser.
     */
    @PostMapping("/refresh")
    ResponseEntity<Map<String, Object>> refresh(HttpServletRequest request) {
        Authentication login = SecurityContextHolder.getContext().getAuthentication();
        OAuth2AuthorizedClient client = tokens.loadAuthorizedClient(CLIENT, login, request);
        if (client == null || client.getRefreshToken() == null) {
            return ResponseEntity.status(401).body(me(request));
        }
        OAuth2AccessToken old = client.getAccessToken();
        Instant past = Instant.now().minusSeconds(1);
        ClientRegistration registration = client.getClientRegistration();
        // Cognito's token answers have no "scope", which means: all that were requested. Spring
        // leaves the token's scopes empty then, and would pass over the new ID token, which it
        // handles only when the scopes have "openid". So the requested ones are given here.
        var expired = new OAuth2AccessToken(old.getTokenType(), old.getTokenValue(),
                past.minusSeconds(1), past, registration.getScopes());
        manager.authorize(OAuth2AuthorizeRequest
                .withAuthorizedClient(new OAuth2AuthorizedClient(registration,
                        client.getPrincipalName(), expired, client.getRefreshToken()))
                .principal(login)
                .build());
        return ResponseEntity.ok(me(request));
    }

    /** The provider refused the refresh. */
    @ExceptionHandler
    ResponseEntity<Map<String, Object>> refused(OAuth2AuthorizationException e) {
        return ResponseEntity.status(401).body(Map.of("error", e.getError().getErrorCode()));
    }

    /** The new ID token was not accepted; the session keeps the old tokens. */
    @ExceptionHandler
    ResponseEntity<Map<String, Object>> notAccepted(OAuth2AuthenticationException e) {
        return ResponseEntity.status(401).body(Map.of("error", e.getError().getErrorCode()));
    }

    @GetMapping("/logged-out")
    Map<String, Object> loggedOut() {
        return Map.of("signed_in", false);
    }
}
