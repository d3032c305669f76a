package sample;

import java.io.Serializable;
import java.time.Instant;
import org.springframework.security.oauth2.client.authentication.OAuth2AuthenticationToken;
import org.springframework.security.oauth2.client.authentication.OAuth2LoginAuthenticationToken;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.oidc.OidcIdToken;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;

/**
 * "Confirm that it is you, now": a new login with prompt=login. The person can remove "prompt" from
 * the URL, so only the signed ID token that comes back tells whether it was done. The answer is
 * kept in the session, with whose it is. An app that does something important upon a "yes" does it
 * then, once, and doesn't keep the answer for later.
 */
record Confirmation(String sub, boolean answer) implements Serializable {

    static final String IN_SESSION = "confirmation";
    static final String ANOTHER_PERSON = "another_person";

    /** Attributes of an authorization request, which Spring Security keeps on the server. */
    static final String BEGUN = "confirmation.begun";
    static final String WHOSE = "confirmation.sub";

    /**
     * Makes the session's login of a login at Cognito whose tokens are verified. If a confirmation
     * began it and another person answered, it refuses: the session doesn't change hands.
     */
    static OAuth2AuthenticationToken accept(OAuth2LoginAuthenticationToken login) {
        var request = login.getAuthorizationExchange().getAuthorizationRequest();
        Long begun = request.getAttribute(BEGUN);
        if (begun != null && login.getPrincipal() instanceof OidcUser person) {
            String sub = request.getAttribute(WHOSE);
            boolean answer = isThePersonNow(person.getIdToken(), begun, sub);
            RequestContextHolder.currentRequestAttributes().setAttribute(
                    IN_SESSION, new Confirmation(sub, answer), RequestAttributes.SCOPE_SESSION);
            if (!sub.equals(person.getSubject())) {
                throw new OAuth2AuthenticationException(new OAuth2Error(ANOTHER_PERSON));
            }
        }
        return new OAuth2AuthenticationToken(login.getPrincipal(), login.getAuthorities(),
                login.getClientRegistration().getRegistrationId());
    }

    /** The clocks of the app and of the service may differ by 60 seconds. */
    private static boolean isThePersonNow(OidcIdToken token, long begun, String sub) {
        Object verifiedAt = token.getClaim("verified_at");
        return token.getSubject().equals(sub)
                && Boolean.TRUE.equals(token.getClaim("identity_verified"))
                && verifiedAt instanceof Number at
                && at.longValue() >= begun - 60;
    }

    static long now() {
        return Instant.now().getEpochSecond();
    }
}
