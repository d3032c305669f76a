package sample;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.security.oauth2.core.OAuth2Error;

/** What the page tells after a login that didn't succeed: "cancelled" or "failed". */
record Message(String kind, String supportId) implements Serializable {

    private static final Pattern SUPPORT_ID = Pattern.compile("\\b[0-9A-Z]{4}-[0-9A-Z]{4}\\b");

    /**
     * error_description is "CLASS SUPPORT-ID", sometimes with a text of Cognito around it.
     * access_denied alone is no cancel: it also comes when the service's page timed out
     * (service_login_expired).
     */
    static Message of(OAuth2Error error) {
        String description = Objects.toString(error.getDescription(), "");
        boolean cancelled = error.getErrorCode().equals("access_denied")
                && Arrays.asList(description.split(" ")).contains("cancelled");
        Matcher supportId = SUPPORT_ID.matcher(description);
        return new Message(cancelled ? "cancelled" : "failed",
                supportId.find() ? supportId.group() : null);
    }
}
