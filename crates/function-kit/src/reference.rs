//! Where a key or a secret is: in AWS KMS, in AWS Secrets Manager, in a file, or in the variable
//! itself.
//! The last two are for a laptop; a deployed function has references to AWS in its environment, and
//! no secret.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// A reference, as it stands in the environment.
#[derive(Clone)]
pub enum Reference {
    /// `arn:aws:kms:…`: the key stays there.
    Kms(String),
    /// `arn:aws:secretsmanager:…`: the secret's text is fetched.
    SecretsManager(String),
    /// `file:/path`: the file's text is read.
    File(PathBuf),
    /// A JSON object: the text itself.
    Inline(SecretString),
}

impl fmt::Debug for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kms(arn) => write!(formatter, "Kms({arn})"),
            Self::SecretsManager(arn) => write!(formatter, "SecretsManager({arn})"),
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Inline(_) => formatter.write_str("Inline(…)"),
        }
    }
}

impl Reference {
    /// Reads a reference; `None` if it is none of the four.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("file:") {
            return (!path.is_empty()).then(|| Self::File(PathBuf::from(path)));
        }
        if text.starts_with('{') {
            return Some(Self::Inline(SecretString::from(text)));
        }
        // arn:partition:service:region:account:resource
        let mut arn = text.split(':');
        let (prefix, _partition, service) = (arn.next()?, arn.next()?, arn.next()?);
        let has_resource = arn.nth(2).is_some_and(|resource| !resource.is_empty());
        match service {
            _ if prefix != "arn" || !has_resource => None,
            "kms" => Some(Self::Kms(text.to_owned())),
            "secretsmanager" => Some(Self::SecretsManager(text.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_one_of_four() {
        let kind = |text| Reference::parse(text).map(|reference| format!("{reference:?}"));
        let kms = "arn:aws:kms:ap-northeast-1:123456789012:key/1";
        assert_eq!(kind(kms), Some(format!("Kms({kms})")));
        let secret = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:seal-AbC";
        assert_eq!(kind(secret), Some(format!("SecretsManager({secret})")));
        assert_eq!(kind("file:/etc/key"), Some("File(/etc/key)".to_owned()));
        assert_eq!(
            kind(r#"{"kty":"RSA","d":"secret"}"#),
            Some("Inline(…)".to_owned())
        );
        for bad in [
            "",
            "file:",
            "arn:aws:kms",
            "arn:aws:kms:r:1:",
            "arn:aws:s3:::bucket",
            "text",
        ] {
            assert!(Reference::parse(bad).is_none(), "{bad}");
        }
    }
}
