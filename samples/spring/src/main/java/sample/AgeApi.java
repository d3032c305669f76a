package sample;

import java.util.Collections;
import java.util.Map;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** An API that takes access tokens. It decides by what the token proves, and nothing else. */
@RestController
class AgeApi {

    /** Absent is not false: whether the person is 20 or over isn't known then, which is null. */
    @GetMapping("/api/age")
    Map<String, Boolean> age(@AuthenticationPrincipal Jwt token) {
        return Collections.singletonMap("age_over_20", token.getClaimAsBoolean("age_over_20"));
    }
}
