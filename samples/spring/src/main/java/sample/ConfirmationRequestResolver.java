package sample;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestResolver;
import org.springframework.security.oauth2.core.endpoint.OAuth2AuthorizationRequest;
import org.springframework.stereotype.Component;

/**
 * Begins a login, as Spring Security does, and with a parameter "confirm" asks for a new
 * authentication of the person who is signed in.
 */
@Component
class ConfirmationRequestResolver implements OAuth2AuthorizationRequestResolver {

    private final DefaultOAuth2AuthorizationRequestResolver standard;

    ConfirmationRequestResolver(ClientRegistrationRepository clients, SecurityConfig.App app) {
        standard = new DefaultOAuth2AuthorizationRequestResolver(clients, "/oauth2/authorization");
        // With identity_provider, Cognito's own page isn't shown.
        standard.setAuthorizationRequestCustomizer(request -> request.additionalParameters(
                parameters -> parameters.put("identity_provider", app.identityProvider())));
    }

    @Override
    public OAuth2AuthorizationRequest resolve(HttpServletRequest request) {
        return confirming(request, standard.resolve(request));
    }

    @Override
    public OAuth2AuthorizationRequest resolve(HttpServletRequest request, String registrationId) {
        return confirming(request, standard.resolve(request, registrationId));
    }

    private static OAuth2AuthorizationRequest confirming(HttpServletRequest request,
            OAuth2AuthorizationRequest begun) {
        var login = SecurityContextHolder.getContext().getAuthentication();
        if (begun == null || request.getParameter("confirm") == null || login == null) {
            return begun;
        }
        request.getSession().removeAttribute(Confirmation.IN_SESSION);
        return OAuth2AuthorizationRequest.from(begun)
                .additionalParameters(parameters -> parameters.put("prompt", "login"))
                .attributes(attributes -> {
                    attributes.put(Confirmation.BEGUN, Confirmation.now());
                    attributes.put(Confirmation.WHOSE, login.getName());
                })
                .build();
    }
}
