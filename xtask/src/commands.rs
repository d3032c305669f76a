//! `cargo xtask commands`: tests the commands of docs/ that need no AWS account, exactly as they
//! are written there. The first line of such a block says that it needs no account.
//! The functions that these blocks define are called with samples, and must print what is written
//! here. All other blocks of these documents are only parsed by a shell.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use markdown::Document;

use crate::debian;

/// The programs that the blocks need, each with the Debian package that contains it.
const PROGRAMS: [[&str; 2]; 3] = [["bash", "bash"], ["jq", "jq"], ["openssl", "openssl"]];

/// The end of the first line of a block that needs no account.
const MARK: &str = "needs no account";

/// The documents, without their endings. Each exists in Japanese (`.md`) and in English (`.en.md`).
const DOCUMENTS: [&str; 11] = [
    "docs/app",
    "docs/costs",
    "docs/deploy",
    "docs/deploy-members",
    "docs/domains",
    "docs/existing-pool",
    "docs/members",
    "docs/operation",
    "docs/review",
    "docs/rotation",
    "docs/updates",
];

/// Runs the task, or says which command doesn't do what its document says.
pub(crate) fn run(workspace: &Path) -> Result<(), String> {
    for [name, package] in PROGRAMS {
        debian::program(name, package)?;
    }
    let folder = workspace.join("target/commands");
    let _not_there_the_first_time = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for document in DOCUMENTS {
        for ending in ["md", "en.md"] {
            let name = format!("{document}.{ending}");
            for block in blocks(&read(workspace, &name)?) {
                let read = bash(&folder, workspace, &["-n"], &block)?;
                if !read.status.success() {
                    return Err(format!(
                        "{name}: a shell can't read this:\n{block}\n{}",
                        said(&read)
                    ));
                }
            }
        }
    }
    for check in CHECKS {
        eprintln!("xtask: {}.md: {}", check.document, check.shows);
        let document = read(workspace, &format!("{}.md", check.document))?;
        let script = format!("{}\n{}\n", marked(&document).join("\n"), check.script);
        let done = bash(&folder, workspace, &["-euo", "pipefail"], &script)?;
        let printed = done
            .status
            .success()
            .then(|| String::from_utf8_lossy(&done.stdout).into_owned());
        if printed.as_deref() != check.prints {
            return Err(format!(
                "{}.md: not so: {}\nexpected: {:?}\nprinted: {printed:?}\n{}",
                check.document,
                check.shows,
                check.prints,
                said(&done)
            ));
        }
    }
    Ok(())
}

/// A test of a document's blocks.
struct Check {
    document: &'static str,
    /// What the test shows, as a sentence.
    shows: &'static str,
    /// A script that runs after the document's blocks. `$SAMPLES` is the folder of the samples.
    script: &'static str,
    /// What the script has to print, or `None` if it has to fail.
    prints: Option<&'static str>,
}

/// The tests. They call every function that a marked block defines.
const CHECKS: &[Check] = &[
    Check {
        document: "docs/deploy",
        shows: "the claims of a token are read, however long its padding would be",
        script: concat!(
            r#"
for payload in '{"a":1}' '{"a":12}' '{"a":123}' '{"a":"_ÿ~>?"}'; do
  printf 'x.%s.y' "$(printf %s "$payload" | base64 -w0 | tr '+/' '-_' | tr -d =)" "#,
            r#"| claims | jq -c .a
done"#,
        ),
        prints: Some("1\n12\n123\n\"_ÿ~>?\"\n"),
    },
    Check {
        document: "docs/domains",
        shows: "a certificate's validation becomes a change of a hosted zone",
        script: concat!(
            r#"
echo '{"Certificate":{"DomainValidationOptions":[{"DomainName":"a","#,
            r#""ResourceRecord":{"Name":"_n.a.","Type":"CNAME","Value":"_v.acm."}}]}}' |
  validation_records | jq -c ."#,
        ),
        prints: Some(
            "{\"Changes\":[{\"Action\":\"UPSERT\",\"ResourceRecordSet\":{\"Name\":\"_n.a.\",\
             \"Type\":\"CNAME\",\"TTL\":300,\"ResourceRecords\":[{\"Value\":\"_v.acm.\"}]}}]}\n",
        ),
    },
    Check {
        document: "docs/rotation",
        shows: "a new key comes first, and the one that CloudFormation made stays",
        script: concat!(
            r#"echo '{"key":"old"}' | add_key | "#,
            r#"jq -c '[keys, (.keys[0] | test("^[0-9a-f]{64}$")), .keys[1:]]'"#,
        ),
        prints: Some("[[\"keys\"],true,[\"old\"]]\n"),
    },
    Check {
        document: "docs/rotation",
        shows: "a new key comes before all that are there, and is new each time",
        script: concat!(
            r#"echo '{"keys":["b","a"]}' | add_key | add_key | "#,
            r#"jq -c '[(.keys | unique | length), .keys[2:]]'"#,
        ),
        prints: Some("[4,[\"b\",\"a\"]]\n"),
    },
    Check {
        document: "docs/rotation",
        shows: "the last key goes",
        script: r#"echo '{"keys":["c","b","a"]}' | drop_last_key"#,
        prints: Some("{\"keys\":[\"c\",\"b\"]}\n"),
    },
    Check {
        document: "docs/rotation",
        shows: "the only key doesn't go",
        script: r#"echo '{"keys":["a"]}' | drop_last_key"#,
        prints: None,
    },
    Check {
        document: "docs/rotation",
        shows: "a ring in both forms is refused",
        script: r#"echo '{"key":"a","keys":["a"]}' | add_key"#,
        prints: None,
    },
    Check {
        document: "docs/rotation",
        shows: "a new client secret keeps the old one as previous",
        script: concat!(
            r#"echo '{"current":"old"}' | new_client_secret | "#,
            r#"jq -c '[(.current | test("^[0-9a-f]{64}$")), .previous]'"#,
        ),
        prints: Some("[true,\"old\"]\n"),
    },
    Check {
        document: "docs/rotation",
        shows: "a client secret that is being changed isn't changed again",
        script: r#"echo '{"current":"b","previous":"a"}' | new_client_secret"#,
        prints: None,
    },
    Check {
        document: "docs/rotation",
        shows: "the previous client secret goes",
        script: r#"echo '{"current":"b","previous":"a"}' | drop_previous"#,
        prints: Some("{\"current\":\"b\"}\n"),
    },
    Check {
        document: "docs/rotation",
        shows: "a published key that isn't among those that were handed in is named",
        script: r#"
STACK=myna-production
echo '{"keys":[{"kid":"a"},{"kid":"b"}]}' > client-jwks.myna-production.json
echo '{"keys":[{"kid":"b"},{"kid":"c"}]}' | compare_keys"#,
        prints: Some("b registered\nc NOT REGISTERED\n"),
    },
    Check {
        document: "docs/existing-pool",
        shows: "nothing is wrong with a pool that is as it should be",
        script: r#"ASKED="name address birthdate gender"; check_pool < "$SAMPLES/user-pool.json""#,
        prints: Some(""),
    },
    Check {
        document: "docs/existing-pool",
        shows: "everything that is wrong with a pool is named",
        script: r#"ASKED="name birthdate"; check_pool < "$SAMPLES/user-pool-unfit.json""#,
        prints: Some(
            "plan LITE\ncase-insensitive\nrequired address\nrequired email\nrequired gender\n\
             missing custom:verified_record\nimmutable name\ntoo-short name\nnot-emptied name\n\
             too-short custom:verified_at\noccupied InboundFederation\nalso-called PreSignUp\n\
             occupied PreTokenGeneration\n",
        ),
    },
    Check {
        document: "docs/existing-pool",
        shows: "a pool that customizes the tokens of machines stays on version 3, and is told so",
        script: concat!(
            r#"
INBOUND=arn:inbound TOKEN=arn:token ASKED="name"
jq '.UserPool.LambdaConfig.PreTokenGenerationConfig = "#,
            r#"{LambdaArn: "arn:token", LambdaVersion: "V3_0"}' "#,
            r#""$SAMPLES/user-pool.json" > machines.json
check_pool < machines.json
with_triggers < machines.json | jq -c .LambdaConfig.PreTokenGenerationConfig"#,
        ),
        prints: Some(
            "occupied PreTokenGenerationConfig\nversion V3_0\n\
             {\"LambdaArn\":\"arn:token\",\"LambdaVersion\":\"V3_0\"}\n",
        ),
    },
    Check {
        document: "docs/existing-pool",
        shows: "an app client that names no attributes reads all standard ones, \
                and by the API's sign-in overwrites them",
        script: r#"echo '{"UserPoolClient":{"ClientId":"a"}}' | check_client"#,
        prints: Some(
            "a reads name address birthdate gender\na overwrites name address birthdate gender\n",
        ),
    },
    Check {
        document: "docs/existing-pool",
        shows: "the scope of one's own account overwrites what the client may write",
        script: concat!(
            r#"echo '{"UserPoolClient":{"ClientId":"a","ReadAttributes":["email"],"#,
            r#""WriteAttributes":["email","custom:verified_record"],"#,
            r#""ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH"],"#,
            r#""AllowedOAuthScopes":["openid","aws.cognito.signin.user.admin"]}}' | check_client"#,
        ),
        prints: Some("a overwrites custom:verified_record\n"),
    },
    Check {
        document: "docs/existing-pool",
        shows: "nobody may read or write the record of a member",
        script: concat!(
            r#"echo '{"UserPoolClient":{"ClientId":"a","ReadAttributes":["custom:member_record"],"#,
            r#""WriteAttributes":["email","custom:member_record"],"#,
            r#""ExplicitAuthFlows":["ALLOW_USER_SRP_AUTH"]}}' | check_client"#,
        ),
        prints: Some("a reads custom:member_record\na overwrites custom:member_record\n"),
    },
    Check {
        document: "docs/existing-pool",
        shows: "nothing is wrong with an app client as the stack makes it",
        script: concat!(
            r#"echo '{"UserPoolClient":{"ClientId":"a","ReadAttributes":["locale"],"#,
            r#""WriteAttributes":["name"],"ExplicitAuthFlows":["ALLOW_REFRESH_TOKEN_AUTH"],"#,
            r#""AllowedOAuthScopes":["openid"]}}' | check_client"#,
        ),
        prints: Some(""),
    },
    Check {
        document: "docs/existing-pool",
        shows: "every setting of the pool stays, what is empty is left out, and the triggers come",
        script: concat!(
            r#"
INBOUND=arn:inbound TOKEN=arn:token
with_triggers < "$SAMPLES/user-pool.json" > update.json
jq -c '[.UserPoolId, .PoolName, .LambdaConfig.InboundFederation, "#,
            r#".LambdaConfig.PreTokenGenerationConfig, .LambdaConfig.CustomMessage]' update.json
jq -c 'keys - ["UserPoolId", "PoolName"]' update.json
jq -nc --slurpfile was "$SAMPLES/user-pool.json" --slurpfile is update.json '
  [$is[0] | del(.UserPoolId, .PoolName, .LambdaConfig, .AdminCreateUserConfig) "#,
            r#"| to_entries[] | select(.value != $was[0].UserPool[.key])]'
jq -c .AdminCreateUserConfig update.json"#,
        ),
        prints: Some(
            "[\"ap-northeast-1_EXAMPLE\",\"example\",\
             {\"LambdaArn\":\"arn:inbound\",\"LambdaVersion\":\"V1_0\"},\
             {\"LambdaArn\":\"arn:token\",\"LambdaVersion\":\"V2_0\"},\"arn:message\"]\n\
             [\"AccountRecoverySetting\",\"AdminCreateUserConfig\",\"AutoVerifiedAttributes\",\
             \"DeletionProtection\",\"EmailConfiguration\",\"LambdaConfig\",\"MfaConfiguration\",\
             \"Policies\",\"UserPoolTags\",\"UserPoolTier\",\"VerificationMessageTemplate\"]\n\
             []\n{\"AllowAdminCreateUserOnly\":false}\n",
        ),
    },
    Check {
        document: "docs/existing-pool",
        shows: "another's trigger isn't replaced",
        script: concat!(
            "INBOUND=arn:inbound TOKEN=arn:token; ",
            r#"with_triggers < "$SAMPLES/user-pool-unfit.json""#,
        ),
        prints: None,
    },
    Check {
        document: "docs/existing-pool",
        shows: "without logins one trigger comes, and whoever has the other keeps it",
        script: concat!(
            r#"
INBOUND= TOKEN=arn:token
with_triggers < "$SAMPLES/user-pool.json" "#,
            r#"| jq -c '.LambdaConfig | .InboundFederation, .PreTokenGenerationConfig'
jq '.UserPool.LambdaConfig.InboundFederation = "#,
            r#"{LambdaArn: "arn:other", LambdaVersion: "V1_0"}' "#,
            r#""$SAMPLES/user-pool.json" > other.json
with_triggers < other.json | jq -c .LambdaConfig.InboundFederation.LambdaArn"#,
        ),
        prints: Some(
            "null\n{\"LambdaArn\":\"arn:token\",\"LambdaVersion\":\"V2_0\"}\n\"arn:other\"\n",
        ),
    },
    Check {
        document: "docs/existing-pool",
        shows: "before logins are taken away, their trigger goes alone",
        script: concat!(
            r#"
INBOUND=arn:inbound TOKEN=arn:token
with_triggers < "$SAMPLES/user-pool.json" "#,
            r#"| jq '{UserPool: (.Id = .UserPoolId | .Name = .PoolName)}' > both.json
TOKEN=
without_triggers < both.json "#,
            r#"| jq -c '.LambdaConfig | .InboundFederation, .PreTokenGenerationConfig.LambdaArn'"#,
        ),
        prints: Some("null\n\"arn:token\"\n"),
    },
    Check {
        document: "docs/existing-pool",
        shows: "the triggers go as they came, and what was set differs in nothing else",
        script: concat!(
            r#"
INBOUND=arn:inbound TOKEN=arn:token
with_triggers < "$SAMPLES/user-pool.json" "#,
            r#"| jq '{UserPool: (.Id = .UserPoolId | .Name = .PoolName "#,
            r#"| .LastModifiedDate = "later" | del(.UserPoolId, .PoolName))}' "#,
            r#"> after.json
without_triggers < after.json | jq -c .LambdaConfig
without_triggers < "$SAMPLES/user-pool-unfit.json" | jq -c '.LambdaConfig | keys'
jq '.UserPool.LastModifiedDate = "later" | .UserPool.LambdaConfig = {}' "#,
            r#""$SAMPLES/user-pool.json" > changed.json
diff <(settings < "$SAMPLES/user-pool.json") <(settings < changed.json)
diff <(settings < "$SAMPLES/user-pool.json") "#,
            r#"<(jq '.UserPool.MfaConfiguration = "OFF"' changed.json | settings) "#,
            r#"> /dev/null || echo different"#,
        ),
        prints: Some(
            "{\"CustomMessage\":\"arn:message\"}\n\
             [\"InboundFederation\",\"PreSignUp\",\"PreTokenGeneration\"]\ndifferent\n",
        ),
    },
    Check {
        document: "docs/members",
        shows: "an app client that could read or write the record of a member is named",
        script: concat!(
            r#"
echo '{"UserPoolClient":{"ClientId":"a","ReadAttributes":["email","custom:member_record"],"#,
            r#""WriteAttributes":["custom:member_record"]}}' | check_member_record
echo '{"UserPoolClient":{"ClientId":"b","ReadAttributes":["custom:verified_record"],"#,
            r#""WriteAttributes":["name"]}}' | check_member_record
echo '{"UserPoolClient":{"ClientId":"c"}}' | check_member_record"#,
        ),
        prints: Some("a reads custom:member_record\na overwrites custom:member_record\n"),
    },
    Check {
        document: "docs/members",
        shows: "the resource server keeps its scopes, and gets the scope verify once",
        script: concat!(
            r#"
echo '{"ResourceServer":{"UserPoolId":"p","Identifier":"i","Name":"n","#,
            r#""Scopes":[{"ScopeName":"name","ScopeDescription":"name"}]}}' > server.json
with_verify < server.json > once.json
jq -c '[.UserPoolId, .Identifier, .Name, [.Scopes[].ScopeName]]' once.json
jq '{ResourceServer: .}' once.json | with_verify | diff - once.json && echo same"#,
        ),
        prints: Some("[\"p\",\"i\",\"n\",[\"name\",\"verify\"]]\nsame\n"),
    },
    Check {
        document: "docs/members",
        shows: "an app client keeps its settings, and may ask for more scopes",
        script: concat!(
            r#"
echo '{"UserPoolClient":{"UserPoolId":"p","ClientId":"a","ClientSecret":"s","#,
            r#""CreationDate":1,"LastModifiedDate":2,"ReadAttributes":["locale"],"#,
            r#""AllowedOAuthScopes":["openid"]}}' | allowing "digital-auth/verify openid" "#,
            r#"| jq -c ."#,
        ),
        prints: Some(
            "{\"UserPoolId\":\"p\",\"ClientId\":\"a\",\"ReadAttributes\":[\"locale\"],\
             \"AllowedOAuthScopes\":[\"digital-auth/verify\",\"openid\"]}\n",
        ),
    },
];

fn read(workspace: &Path, name: &str) -> Result<String, String> {
    fs::read_to_string(workspace.join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Runs a script in `folder`, with empty standard input.
fn bash(folder: &Path, workspace: &Path, options: &[&str], script: &str) -> Result<Output, String> {
    let file = folder.join("script.sh");
    fs::write(&file, script).map_err(|error| format!("{}: {error}", file.display()))?;
    Command::new("bash")
        .args(options)
        .arg(&file)
        .current_dir(folder)
        .env("SAMPLES", workspace.join("tests/samples"))
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("bash can't be started: {error}"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every block of shell commands.
fn blocks(document: &str) -> Vec<String> {
    Document::read(document).blocks("sh")
}

/// The blocks that need no account.
fn marked(document: &str) -> Vec<String> {
    let mut blocks = blocks(document);
    blocks.retain(|block| {
        block
            .lines()
            .next()
            .is_some_and(|first| first.starts_with('#') && first.ends_with(MARK))
    });
    blocks
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace;

    #[test]
    fn every_function_of_a_block_is_called_by_a_check() {
        for document in DOCUMENTS {
            let text = read(&workspace(), &format!("{document}.md")).unwrap();
            let blocks = marked(&text).join("\n");
            let defined: BTreeSet<_> = blocks
                .lines()
                .filter_map(|line| line.split_once("() {"))
                .map(|(name, _)| name)
                .collect();
            let of_it: Vec<_> = CHECKS
                .iter()
                .filter(|check| check.document == document)
                .collect();
            assert_eq!(defined.is_empty(), of_it.is_empty(), "{document}");
            for name in defined {
                let own = blocks.matches(name).count() > 1;
                let called = of_it.iter().any(|check| check.script.contains(name));
                assert!(called || own, "{document}: {name}");
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_commands() {
        for document in DOCUMENTS {
            let [japanese, english] =
                ["md", "en.md"].map(|ending| read(&workspace(), &format!("{document}.{ending}")));
            let (japanese, english) = (japanese.unwrap(), english.unwrap());
            let (japanese, english) = (blocks(&japanese), blocks(&english));
            assert_eq!(japanese.len(), english.len(), "{document}");
            for (japanese, english) in japanese.iter().zip(&english) {
                assert_eq!(japanese, english, "{document}");
            }
        }
    }
}
