//! The OpenAPI description of the endpoints. Attributes on the handlers could not say the words of each kind of text,
//! so it is written out here.

use std::marker::PhantomData;

use countersign_contracts::api::governed::{
    DraftRequest, LintRequest, PublishRequest, ReasonRequest, StepView, VersionsView,
};
use countersign_runtime::http::Problem;
use utoipa::{
    Modify, PartialSchema, ToSchema,
    openapi::{
        Components, Content, HttpMethod, OpenApi, Ref, RefOr, Required, ResponseBuilder, Schema,
        path::{OperationBuilder, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

use super::{Address, Offered};

/// Adds the endpoints about a governed text to a description of an API, with the shapes that they know.
#[derive(Debug)]
pub struct Description<T>(PhantomData<fn() -> T>);

impl<T> Description<T> {
    /// The description of the endpoints about this kind of text.
    #[expect(clippy::new_without_default, reason = "it stands in statics, where only `const` can")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Offered> Modify for Description<T> {
    fn modify(&self, api: &mut OpenApi) {
        for endpoint in reading::<T>().into_iter().chain(steps(&T::ADDRESS)) {
            let path = format!("{}{}", T::ADDRESS.path, endpoint.rest);
            let (method, operation) = endpoint.described(&T::ADDRESS);
            api.paths.add_path_operation(path, vec![method], operation);
        }
        let known = api.components.get_or_insert_default();
        knows::<DraftRequest>(known);
        knows::<LintRequest>(known);
        knows::<PublishRequest>(known);
        knows::<ReasonRequest>(known);
        knows::<StepView>(known);
        knows::<VersionsView>(known);
        knows::<T::Detail>(known);
        knows::<T::Comparison>(known);
        knows::<T::Lint>(known);
        knows::<Problem>(known);
    }
}

/// Makes a shape known, and those that it is made of.
fn knows<S: ToSchema>(components: &mut Components) {
    let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
    S::schemas(&mut parts);
    parts.push((S::name().into_owned(), S::schema()));
    components.schemas.extend(parts);
}

/// JSON of a shape that the description knows.
fn json<S: ToSchema>() -> Content {
    Content::new(Some(Ref::from_schema_name(S::name())))
}

/// What is written down of one endpoint.
struct Endpoint {
    method: HttpMethod,
    /// After the path of all versions.
    rest: &'static str,
    /// First word of its name: `draft` gives `draft_rule_set`.
    verb: &'static str,
    /// It is about several versions, as its name says.
    many: bool,
    summary: String,
    /// What the number in the address is.
    version: Option<String>,
    /// What the number in the query is.
    against: Option<String>,
    /// The body that it takes.
    takes: Option<Content>,
    /// What it answers when all is well.
    gives: (&'static str, String, Content),
    /// What else it may answer.
    refuses: Vec<(&'static str, String)>,
}

impl Endpoint {
    fn described(self, address: &Address) -> (HttpMethod, OperationBuilder) {
        let of = if self.many { address.plural } else { address.noun };
        let (status, description, content) = self.gives;
        let good = ResponseBuilder::new().description(description).content("application/json", content);
        let mut operation = OperationBuilder::new()
            .tag(address.tag)
            .summary(Some(self.summary))
            .operation_id(Some(format!("{}_{}", self.verb, of.replace(' ', "_"))))
            .response(status, good);
        let number = |name, place, required, description| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(place)
                .required(required)
                .description(Some(description))
                .schema(Some(u32::schema()))
        };
        if let Some(description) = self.version {
            operation =
                operation.parameter(number("version", ParameterIn::Path, Required::True, description));
        }
        if let Some(description) = self.against {
            operation =
                operation.parameter(number("against", ParameterIn::Query, Required::False, description));
        }
        if status == CREATED {
            let key = ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::True)
                .description(Some("Your own name for this request: the same again changes nothing"))
                .schema(Some(String::schema()));
            operation = operation.parameter(key);
        }
        if let Some(content) = self.takes {
            let body = RequestBodyBuilder::new().content("application/json", content);
            operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
        }
        for (status, description) in self.refuses {
            let refusal = ResponseBuilder::new().description(description);
            operation = operation.response(status, refusal.content("application/json", json::<Problem>()));
        }
        (self.method, operation)
    }
}

/// Something was put on record: such an endpoint takes a key.
const CREATED: &str = "201";

fn reading<T: Offered>() -> [Endpoint; 4] {
    let Address { noun, plural, short, file, content, part, .. } = T::ADDRESS;
    let unreadable = ("503", "The record cannot be read now".to_owned());
    let unknown = ("404", "There is no such version".to_owned());
    let read = |rest, verb, summary, gives, refuses| Endpoint {
        method: HttpMethod::Get,
        rest,
        verb,
        many: false,
        summary,
        version: None,
        against: None,
        takes: None,
        gives,
        refuses,
    };
    let all = "All versions, who did what and why, and when which is in force".to_owned();
    [
        Endpoint {
            many: true,
            ..read(
                "",
                "list",
                format!("Lists every {noun} with its life, and which was, is or will be in force when."),
                ("200", all, json::<VersionsView>()),
                vec![unreadable.clone()],
            )
        },
        Endpoint {
            version: Some("Its number, from 1".to_owned()),
            ..read(
                "/{version}",
                "show",
                format!("Shows one {noun}: its life, its {content}, its text."),
                ("200", format!("The {noun}"), json::<T::Detail>()),
                vec![("400", "The version is no number".to_owned()), unknown.clone(), unreadable.clone()],
            )
        },
        Endpoint {
            many: true,
            version: Some(format!("The {short} that is looked at")),
            against: Some(format!("The {short} that it is compared with; left out, the one it was based on")),
            ..read(
                "/{version}/diff",
                "diff",
                format!(
                    "Tells what differs between two {plural}: {part} by {part}, field by field, in words."
                ),
                ("200", "What differs".to_owned(), json::<T::Comparison>()),
                vec![("400", "A version is no number".to_owned()), unknown, unreadable],
            )
        },
        Endpoint {
            method: HttpMethod::Post,
            takes: Some(json::<LintRequest>()),
            ..read(
                "/lint",
                "lint",
                format!(
                    "Looks at a {file} without keeping it: whether it can be used, or what is wrong in which line."
                ),
                ("200", format!("What is wrong, or the {content}"), json::<T::Lint>()),
                vec![("400", "The request cannot be understood".to_owned())],
            )
        },
    ]
}

fn steps(&Address { noun, short, .. }: &Address) -> [Endpoint; 4] {
    let step = |rest, verb, summary: String, takes, [forbidden, conflict, wrong]: [&str; 3]| {
        let about_one = verb != "draft";
        let mut refuses = vec![
            ("400", "The request cannot be understood, or has no Idempotency-Key".to_owned()),
            ("401", "No known token".to_owned()),
            ("403", forbidden.to_owned()),
        ];
        if about_one {
            refuses.push(("404", "There is no such version".to_owned()));
        }
        refuses.extend([
            ("409", conflict.to_owned()),
            ("422", format!("{wrong}, or the key was used for another request")),
            ("503", "Not now; try again with the same key".to_owned()),
        ]);
        Endpoint {
            method: HttpMethod::Post,
            rest,
            verb,
            many: false,
            summary,
            version: about_one.then(|| "Its number".to_owned()),
            against: None,
            takes: Some(takes),
            gives: (CREATED, "It is on record".to_owned(), json::<StepView>()),
            refuses,
        }
    };
    let may_not = "Not permitted";
    let not_the_author = "Not permitted, or it is the own draft";
    let no_reason = "No reason is given";
    [
        step(
            "",
            "draft",
            format!(
                "Proposes a {noun}. It is judged by nobody until it is checked by somebody else and published."
            ),
            json::<DraftRequest>(),
            [
                may_not,
                &format!("It is word for word the {short} in force"),
                &format!("The text is no {noun}"),
            ],
        ),
        step(
            "/{version}/check",
            "check",
            "Confirms that a draft is right. Its author cannot do that.".to_owned(),
            json::<ReasonRequest>(),
            [not_the_author, "It was checked, published or withdrawn already", no_reason],
        ),
        step(
            "/{version}/publish",
            "publish",
            format!(
                "Puts a checked {noun} in force, from now or from a later instant on. Its author cannot do that."
            ),
            json::<PublishRequest>(),
            [
                not_the_author,
                &format!(
                    "It was not checked, was published or withdrawn already, or another {short} takes effect later"
                ),
                "The instant is past, no reason is given",
            ],
        ),
        step(
            "/{version}/withdraw",
            "withdraw",
            format!(
                "Takes a {noun} back. If it was in force, the one before it is in force again from now on."
            ),
            json::<ReasonRequest>(),
            [may_not, "It was withdrawn already, or nothing would be in force", no_reason],
        ),
    ]
}
