//! AWS CloudFormation's evaluation of a template, as far as our templates need it: parameters with
//! their patterns, rules, conditions and functions. It calls nothing. Whatever it doesn't know ends
//! the test.

use std::collections::BTreeMap;

use fancy_regex::Regex;
use serde_json::{Map, Value, json};

/// The name of the stack. All names of its resources begin with it.
pub(crate) const STACK: &str = "myna";
/// The Region and the account of the stack.
pub(crate) const REGION: &str = "ap-northeast-1";
pub(crate) const ACCOUNT: &str = "123456789012";

/// A Region and an account.
pub(crate) type Place<'a> = (&'a str, &'a str);

/// A template in JSON, after the SAM transform.
pub(crate) struct Template {
    pub(crate) json: Value,
    /// The patterns of the parameters.
    patterns: BTreeMap<String, Regex>,
    /// An empty section, for one that the template doesn't have.
    none: Map<String, Value>,
}

/// A template with its parameters: the resources that exist, with all their properties.
pub(crate) struct Stack {
    pub(crate) name: String,
    /// The resources by their logical ids, with `Type`, `Properties`, `DeletionPolicy` and so on.
    pub(crate) resources: BTreeMap<String, Value>,
    pub(crate) outputs: BTreeMap<String, String>,
}

/// The reason for which CloudFormation refuses the parameters before it makes anything.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// The value of this parameter isn't allowed.
    Parameter(String),
    /// This rule isn't satisfied.
    Rule(String),
}

impl Template {
    pub(crate) fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let json: Value = serde_json::from_str(&text).unwrap();
        let parameters = json.get("Parameters").and_then(Value::as_object);
        let patterns = parameters
            .into_iter()
            .flatten()
            .filter_map(|(name, parameter)| {
                let pattern = parameter.get("AllowedPattern")?.as_str()?;
                // CloudFormation's patterns have to match the whole value.
                Some((
                    name.clone(),
                    Regex::new(&format!("^(?:{pattern})$")).unwrap(),
                ))
            });
        Self {
            patterns: patterns.collect(),
            none: Map::new(),
            json,
        }
    }

    pub(crate) fn section(&self, name: &str) -> &Map<String, Value> {
        let section = self.json.get(name);
        section.map_or(&self.none, |section| section.as_object().unwrap())
    }

    /// Whether a parameter may have this value, or this element if it is a list.
    pub(crate) fn takes(&self, name: &str, value: &str) -> bool {
        admits(
            &self.section("Parameters")[name],
            self.patterns.get(name),
            value,
        )
    }

    /// The stack with this name and these parameters. All other parameters have their defaults.
    pub(crate) fn stack(
        &self,
        name: &str,
        given: &BTreeMap<String, String>,
    ) -> Result<Stack, Refused> {
        self.stack_in((REGION, ACCOUNT), name, given)
    }

    /// The stack in another Region or account.
    pub(crate) fn stack_in(
        &self,
        place: Place<'_>,
        name: &str,
        given: &BTreeMap<String, String>,
    ) -> Result<Stack, Refused> {
        let parameters = self.parameters(given)?;
        let mut evaluation = Evaluation {
            template: self,
            place,
            stack: name,
            parameters,
            conditions: BTreeMap::new(),
            exists: BTreeMap::new(),
        };
        evaluation.rules()?;
        evaluation.conditions();
        let resources = self.section("Resources");
        for (id, resource) in resources {
            if evaluation.is_there(resource) {
                let kind = resource["Type"].as_str().unwrap();
                evaluation.exists.insert(id.clone(), kind.to_owned());
            }
        }
        let there = resources
            .iter()
            .filter(|(id, _)| evaluation.exists.contains_key(*id));
        let resolved = there.map(|(id, resource)| (id.clone(), evaluation.resource(id, resource)));
        let resources = resolved.collect();
        let outputs = self.section("Outputs").iter();
        let outputs = outputs
            .filter(|(_, output)| evaluation.is_there(output))
            .map(|(id, output)| {
                let value = evaluation.value(&output["Value"]).unwrap();
                (id.clone(), value.as_str().unwrap().to_owned())
            });
        let outputs = outputs.collect();
        Ok(Stack {
            name: name.to_owned(),
            resources,
            outputs,
        })
    }

    fn parameters(
        &self,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, Value>, Refused> {
        let declared = self.section("Parameters");
        for name in given.keys() {
            assert!(declared.contains_key(name), "there is no parameter {name}");
        }
        let mut parameters = BTreeMap::new();
        for (name, parameter) in declared {
            let refused = || Refused::Parameter(name.clone());
            let default = parameter.get("Default").map(text);
            let value = given.get(name).cloned().or(default).ok_or_else(refused)?;
            let is_list = parameter["Type"] == "CommaDelimitedList";
            let values: Vec<_> = if is_list {
                value.split(',').map(|one| one.trim().to_owned()).collect()
            } else {
                vec![value.clone()]
            };
            let pattern = self.patterns.get(name);
            if !values.iter().all(|value| admits(parameter, pattern, value)) {
                return Err(refused());
            }
            let value = if is_list { json!(values) } else { json!(value) };
            parameters.insert(name.clone(), value);
        }
        Ok(parameters)
    }
}

/// Whether a parameter may have this value.
fn admits(parameter: &Value, pattern: Option<&Regex>, value: &str) -> bool {
    let allowed = parameter.get("AllowedValues").and_then(Value::as_array);
    let allowed = allowed.is_none_or(|values| values.iter().any(|one| text(one) == value));
    let matches = pattern.is_none_or(|pattern| pattern.is_match(value).unwrap());
    let bound = |name: &str| {
        parameter
            .get(name)
            .map(|bound| text(bound).parse::<f64>().unwrap())
    };
    // A fraction is a number, too.
    let number = || value.parse::<f64>().ok();
    let is_number = parameter["Type"] != "Number"
        || number().is_some_and(|number| {
            bound("MinValue").is_none_or(|least| number >= least)
                && bound("MaxValue").is_none_or(|most| number <= most)
        });
    allowed && matches && is_number
}

/// A list that may be given as a single text, as in `DependsOn` and `Action`.
pub(crate) fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        None => vec![],
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(value) => vec![text(value)],
    }
}

/// The text that CloudFormation makes of a scalar.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => panic!("not a scalar: {other}"),
    }
}

struct Evaluation<'a> {
    template: &'a Template,
    place: Place<'a>,
    stack: &'a str,
    parameters: BTreeMap<String, Value>,
    conditions: BTreeMap<String, bool>,
    /// The types of all resources that exist, by logical id.
    exists: BTreeMap<String, String>,
}

impl Evaluation<'_> {
    fn rules(&self) -> Result<(), Refused> {
        for (name, rule) in self.template.section("Rules") {
            let applies = rule
                .get("RuleCondition")
                .is_none_or(|condition| self.condition(condition));
            let asserted = rule["Assertions"].as_array().unwrap();
            if applies && !asserted.iter().all(|one| self.condition(&one["Assert"])) {
                return Err(Refused::Rule(name.clone()));
            }
        }
        Ok(())
    }

    /// Whether a resource or an output exists: its condition is true, or it has none.
    fn is_there(&self, declared: &Value) -> bool {
        let condition = declared.get("Condition").and_then(Value::as_str);
        condition.is_none_or(|condition| self.conditions[condition])
    }

    /// A resource with resolved properties. Everything that it refers to must exist.
    fn resource(&self, id: &str, resource: &Value) -> Value {
        for after in list(resource.get("DependsOn")) {
            assert!(
                self.exists.contains_key(&after),
                "{id} depends on {after}, which isn't there"
            );
        }
        let mut resource = resource.as_object().unwrap().clone();
        let properties = resource.remove("Properties").unwrap_or_default();
        resource.insert("Properties".to_owned(), self.value(&properties).unwrap());
        resource.into()
    }

    fn conditions(&mut self) {
        for name in self.template.section("Conditions").keys() {
            let holds = self.named(name);
            self.conditions.insert(name.clone(), holds);
        }
    }

    fn named(&self, name: &str) -> bool {
        self.condition(&self.template.section("Conditions")[name])
    }

    fn condition(&self, condition: &Value) -> bool {
        let (function, argument) = only(condition);
        let all = || argument.as_array().unwrap().iter();
        match function {
            "Fn::Equals" => {
                let [one, other] = &argument.as_array().unwrap()[..] else {
                    panic!("{condition}")
                };
                self.value(one).unwrap() == self.value(other).unwrap()
            }
            "Fn::Not" => !self.condition(&argument[0]),
            "Fn::Contains" => self.members(&argument[0]).contains(&text(&argument[1])),
            "Fn::EachMemberEquals" => {
                let (members, value) = (self.members(&argument[0]), text(&argument[1]));
                members.iter().all(|member| *member == value)
            }
            "Fn::And" => all().all(|one| self.condition(one)),
            "Fn::Or" => all().any(|one| self.condition(one)),
            "Condition" => self.named(argument.as_str().unwrap()),
            other => panic!("no condition: {other}"),
        }
    }

    /// A resolved list of texts.
    fn members(&self, value: &Value) -> Vec<String> {
        list(self.value(value).as_ref())
    }

    /// A resolved value, or `None` for `AWS::NoValue`.
    fn value(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Array(values) => Some(values.iter().filter_map(|one| self.value(one)).collect()),
            Value::Object(object) => match object.iter().next() {
                Some((function, argument))
                    if object.len() == 1 && (function == "Ref" || function.starts_with("Fn::")) =>
                {
                    self.function(function, argument)
                }
                _ => {
                    let pairs = object.iter();
                    let pairs =
                        pairs.filter_map(|(key, one)| Some((key.clone(), self.value(one)?)));
                    Some(Value::Object(pairs.collect()))
                }
            },
            scalar => Some(scalar.clone()),
        }
    }

    fn function(&self, function: &str, argument: &Value) -> Option<Value> {
        let at = |index: usize| &argument[index];
        let evaluated = |value: &Value| self.value(value).unwrap();
        match function {
            "Ref" => self.reference(argument.as_str().unwrap()),
            "Fn::GetAtt" => {
                let path = list(Some(argument)).join(".");
                let (id, attribute) = path.split_once('.').unwrap();
                Some(self.attribute(id, attribute).into())
            }
            "Fn::If" => {
                let holds = self.conditions[at(0).as_str().unwrap()];
                self.value(at(if holds { 1 } else { 2 }))
            }
            "Fn::Join" => {
                let parts = evaluated(at(1));
                let parts: Vec<_> = parts.as_array().unwrap().iter().map(text).collect();
                Some(parts.join(at(0).as_str().unwrap()).into())
            }
            "Fn::Split" => {
                let whole = text(&evaluated(at(1)));
                Some(whole.split(at(0).as_str().unwrap()).collect())
            }
            "Fn::Select" => {
                let index: usize = text(at(0)).parse().unwrap();
                Some(evaluated(at(1)).get(index).unwrap().clone())
            }
            "Fn::FindInMap" => {
                let keys: Vec<_> = argument.as_array().unwrap().iter().map(evaluated).collect();
                let found = &self.template.json["Mappings"][text(&keys[0])];
                Some(found[text(&keys[1])].get(text(&keys[2])).unwrap().clone())
            }
            "Fn::Sub" => Some(self.substitute(argument).into()),
            other => panic!("no function: {other}"),
        }
    }

    fn substitute(&self, argument: &Value) -> String {
        let (pattern, own) = match argument {
            Value::Array(both) => (both[0].as_str().unwrap(), both[1].as_object().cloned()),
            one => (one.as_str().unwrap(), None),
        };
        let mut result = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').unwrap();
            result.push_str(before);
            let own = own.as_ref().and_then(|own| own.get(name));
            let value = match own {
                Some(value) => text(&self.value(value).unwrap()),
                None => match name.split_once('.') {
                    Some((id, attribute)) => self.attribute(id, attribute),
                    None => text(&self.reference(name).unwrap()),
                },
            };
            result.push_str(&value);
            rest = after;
        }
        result + rest
    }

    fn reference(&self, name: &str) -> Option<Value> {
        let pseudo = match name {
            "AWS::NoValue" => return None,
            "AWS::Region" => self.place.0,
            "AWS::AccountId" => self.place.1,
            "AWS::Partition" => "aws",
            "AWS::URLSuffix" => "amazonaws.com",
            "AWS::StackName" => self.stack,
            "AWS::StackId" => {
                let id = "a1b2c3d4-0000-11ee-8000-0a0b0c0d0e0f";
                return Some(
                    self.arn("cloudformation", &format!("stack/{}/{id}", self.stack))
                        .into(),
                );
            }
            _ => match self.parameters.get(name) {
                Some(value) => return Some(value.clone()),
                None => return Some(self.physical(name).into()),
            },
        };
        Some(pseudo.into())
    }

    /// The type of a resource. The resource must exist.
    fn kind(&self, id: &str) -> &str {
        self.exists
            .get(id)
            .unwrap_or_else(|| panic!("{id} is named and isn't there"))
    }

    /// The value of `Ref` for a resource.
    fn physical(&self, id: &str) -> String {
        let (region, _) = self.place;
        let name = format!("{}-{id}", self.stack);
        match self.kind(id) {
            "AWS::SecretsManager::Secret" => {
                let declared = &self.template.section("Resources")[id]["Properties"]["Name"];
                let name = text(&self.value(declared).unwrap());
                self.arn("secretsmanager", &format!("secret:{name}-AbCdEf"))
            }
            "AWS::KMS::Key" => "11111111-2222-3333-4444-555555555555".to_owned(),
            "AWS::Cognito::UserPool" => format!("{region}_EXAMPLE"),
            "AWS::ApiGatewayV2::Api" if id == "MembersApi" => "api7654321".to_owned(),
            "AWS::ApiGatewayV2::Api" => "api1234567".to_owned(),
            _ => name,
        }
    }

    /// The value of `Fn::GetAtt` for a resource.
    fn attribute(&self, id: &str, attribute: &str) -> String {
        let (region, account) = self.place;
        let name = format!("{}-{id}", self.stack);
        let kind = self.kind(id);
        match (kind, attribute) {
            ("AWS::SecretsManager::Secret", "Id") => self.physical(id),
            ("AWS::Lambda::Function", "Arn") => self.arn("lambda", &format!("function:{name}")),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{account}:role/{name}"),
            // The `*` stands for the streams of the log group.
            ("AWS::Logs::LogGroup", "Arn") => self.arn("logs", &format!("log-group:{name}:*")),
            ("AWS::KMS::Key", "Arn") => self.arn("kms", &format!("key/{id}")),
            ("AWS::Cognito::UserPool", "Arn") => {
                self.arn("cognito-idp", &format!("userpool/{region}_EXAMPLE"))
            }
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
                let api = self.physical(id);
                format!("https://{api}.execute-api.{region}.amazonaws.com")
            }
            ("AWS::DynamoDB::Table", "Arn") => self.arn("dynamodb", &format!("table/{name}")),
            ("AWS::WAFv2::WebACL", "Arn") => self.arn("wafv2", &format!("global/webacl/{name}")),
            ("AWS::ApiGatewayV2::DomainName", _)
            | ("AWS::CloudFront::Distribution", "DomainName")
            | ("AWS::Cognito::UserPoolDomain", "CloudFrontDistribution")
            | ("AWS::CloudFormation::Stack", _) => format!("{id}.{attribute}"),
            _ => panic!("no attribute {attribute} of {kind}"),
        }
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        let (region, account) = self.place;
        format!("arn:aws:{service}:{region}:{account}:{rest}")
    }
}

/// The only key of an object, and its value.
fn only(value: &Value) -> (&str, &Value) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("not a function: {value}"));
    assert_eq!(object.len(), 1, "{value}");
    let (key, value) = object.iter().next().unwrap();
    (key, value)
}
