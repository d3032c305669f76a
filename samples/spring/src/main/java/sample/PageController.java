package sample;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.authentication.OAuth2AuthenticationToken;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.OAuth2AccessToken;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2AuthorizationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.util.StreamUtils;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.SessionAttribute;
import org.springframework.web.client.RestClient;
import org.springframework.web.servlet.mvc.support.RedirectAttributes;

@Controller
class PageController {

    private final OAuth2AuthorizedClientRepository tokens;
    private final OAuth2AuthorizedClientManager manager;
    private final SecurityConfig.App app;
    private final RestClient api = RestClient.create();

    PageController(OAuth2AuthorizedClientRepository tokens, OAuth2AuthorizedClientManager manager,
            SecurityConfig.App app) {
        this.tokens = tokens;
        this.manager = manager;
        this.app = app;
    }

    @GetMapping("/")
    String home(OAuth2AuthenticationToken login, HttpServletRequest request, Model model,
            @SessionAttribute(name = Confirmation.IN_SESSION, required = false)
            Confirmation confirmation) {
        OAuth2AuthorizedClient client = login == null
                ? null : tokens.loadAuthorizedClient("cognito", login, request);
        if (client != null && login.getPrincipal() instanceof OidcUser user) {
            model.addAttribute("person", Person.of(user, client.getAccessToken(), confirmation));
        }
        return "index";
    }

    /** What the page shows. ageOver20 and now may be null: not known, and not asked. */
    record Person(String sub, String name, Boolean ageOver20, long issuedAt, Boolean now) {

        static Person of(OidcUser user, OAuth2AccessToken granted, Confirmation confirmation) {
            // "name" is also Cognito's own claim, and then proves nothing. It is from the card if
            // its scope was granted, and the person can remove a scope from the URL.
            boolean proved = granted.getScopes().contains("digital-auth/name");
            boolean theirs = confirmation != null && confirmation.sub().equals(user.getSubject());
            return new Person(user.getSubject(), proved ? user.getFullName() : null,
                    user.getClaimAsBoolean("age_over_20"), user.getIssuedAt().getEpochSecond(),
                    theirs ? confirmation.answer() : null);
        }
    }

    /**
     * Gets new tokens without the card; ages are computed again, by the date of that day. The
     * manager refreshes an access token that is about to expire, so it is given one that has
     * expired. Spring Security verifies the new ID token, requires the same sub, and puts the new
     * OidcUser into the session. The refresh token stays: Cognito sends no new one.
     */
    @PostMapping("/refresh")
    String refresh(OAuth2AuthenticationToken login, HttpServletRequest request) {
        OAuth2AuthorizedClient client = tokens.loadAuthorizedClient("cognito", login, request);
        OAuth2AccessToken token = client.getAccessToken();
        var expired = new OAuth2AccessToken(token.getTokenType(), token.getTokenValue(),
                Instant.EPOCH, Instant.EPOCH.plusSeconds(1), token.getScopes());
        manager.authorize(OAuth2AuthorizeRequest
                .withAuthorizedClient(new OAuth2AuthorizedClient(client.getClientRegistration(),
                        client.getPrincipalName(), expired, client.getRefreshToken()))
                .principal(login)
                .build());
        return "redirect:/";
    }

    /**
     * Calls the API with the access token, from the server: no script in the browser gets hold of
     * it. Here the API is in the same app; it may as well be another server. With the annotation,
     * Spring Security refreshes the token first if it is about to expire.
     */
    @PostMapping("/call-api")
    String callApi(@RegisteredOAuth2AuthorizedClient("cognito") OAuth2AuthorizedClient client,
            RedirectAttributes flash) {
        String answer = api.get()
                .uri(app.url("/api/age"))
                .headers(headers -> headers.setBearerAuth(client.getAccessToken().getTokenValue()))
                .exchange((request, response) -> response.getStatusCode().value() + " "
                        + StreamUtils.copyToString(response.getBody(), StandardCharsets.UTF_8));
        flash.addFlashAttribute("apiAnswer", answer);
        return "redirect:/";
    }

    /** Cognito refused a refresh, or didn't answer, or the new ID token wasn't accepted. */
    @ExceptionHandler
    String refreshFailed(OAuth2AuthorizationException e, HttpServletRequest request,
            RedirectAttributes flash) throws ServletException {
        // The refresh token is revoked or too old: the session ends, too.
        if (e.getError().getErrorCode().equals("invalid_grant")) {
            request.logout();
        }
        return failed(e.getError(), flash);
    }

    @ExceptionHandler
    String refreshFailed(OAuth2AuthenticationException e, RedirectAttributes flash) {
        return failed(e.getError(), flash);
    }

    private static String failed(OAuth2Error error, RedirectAttributes flash) {
        flash.addFlashAttribute("message", Message.of(error));
        return "redirect:/";
    }
}
