//! A hospital with everything around it that a notice meets: the running program, a mail server and a webhook
//! receiver of others, people with tokens, and a clock that can be moved on.

use std::path::PathBuf;

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_testkit::{
    program::{Program, run},
    smtp_peer::{Options, Received, SmtpPeer},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    api::{Answer, Token, eventually, post_with},
    mllp::{all_accepted, send_all},
    place::Place,
    receiver::Receiver,
    stay::{Stay, joined_the_staff},
};

/// Signs reports of bounces, and calls of webhooks.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// The part of message ids after the `@`.
pub const MESSAGE_DOMAIN: &str = "countersign.example";

/// What every rehearsal's policy says: steps follow day by day, as soon as they are due, even after an outage and
/// however many they are.
const AT_ONCE: &str = r#"
[cadence]
mode = "continuous"
[guards]
known_days = 0
[outage]
settle_hours = 0
many_tracks = 0
"#;

/// How a house is run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The escalation policy.
    pub policy: String,
    /// More lines of the section `[notification]`.
    pub notification: String,
    /// The instant at which the clock begins; nothing: the machine's clock.
    pub clock: Option<String>,
    /// Settings from the environment.
    pub environment: Vec<(&'static str, String)>,
}

impl Plan {
    /// Everything really leaves, by this policy, and at once.
    pub fn live(policy: &str) -> Self {
        Self {
            policy: format!("{policy}{AT_ONCE}"),
            notification: "mode = \"live\"\nbounce_hours = 0\n".to_owned(),
            clock: None,
            environment: Vec::new(),
        }
    }

    /// The clock begins at this instant.
    #[must_use]
    pub fn at(mut self, instant: &str) -> Self {
        self.clock = Some(instant.to_owned());
        self
    }
}

/// A running house.
pub struct House {
    /// The folder with its data and configuration.
    pub place: Place,
    /// The program.
    pub program: Program,
    /// The mail server.
    pub mail: SmtpPeer,
    /// The receiver of webhooks, under the endpoint name `desk`.
    pub receiver: Receiver,
    plan: Plan,
    config: PathBuf,
}

impl House {
    /// Opens its doors. `None`, said loudly, when the mail server cannot be had here.
    pub fn open(plan: Plan) -> Option<Self> {
        let mail = SmtpPeer::start(&Options::default())?;
        let receiver = Receiver::start();
        let place = Place::new();
        let config = write_files(&place, &plan, &mail, &receiver, "");
        let program = start(&place, &config, &plan);
        Some(Self { place, program, mail, receiver, plan, config })
    }

    /// Ends the program, and starts it again when its clock shows this.
    pub fn resume_at(&mut self, clock: Option<&str>) {
        if self.program.is_running() {
            self.program.stop().well();
        }
        self.plan.clock = clock.map(str::to_owned);
        self.program = start(&self.place, &self.config, &self.plan);
    }

    /// Sends messages; each must be taken.
    pub fn tell(&self, messages: &[String]) {
        all_accepted(&send_all(self.program.mllp(), messages));
    }

    /// Puts a provider into the directory, with a mailbox; and returns how messages name the person.
    pub fn employs(&self, id: &str, family: &str, mailbox: &str) -> String {
        self.tell(&[joined_the_staff("2020-01-01 08:00", id, &format!("{family}^TEST"), mailbox)]);
        format!("{id}^{family}^TEST^^^DR^^^MERCY")
    }

    /// A patient of this provider went home on that day; nobody wrote a summary.
    pub fn owes(&self, provider: &str, visit: &str, admitted: &str, discharged: &str) {
        let stay = Stay::new(visit).under(provider);
        self.tell(&[stay.admitted(admitted), stay.discharged(discharged)]);
    }

    /// Somebody with this role, and more arguments of `countersign access add`.
    pub fn somebody(&self, name: &str, role: &str, more: &[&str]) -> Token {
        let data = self.place.data();
        let data = data.to_string_lossy();
        let arguments = [&["access", "add", name, "--role", role, "--data", &data], more].concat();
        Token(run(arguments).well().stdout.trim().to_owned())
    }

    /// Says that these providers of the directory want no digests: reminders go out by themselves.
    pub fn want_no_digests(&self, who: &Token, providers: &[String]) {
        for provider in providers {
            let contact = self.contact_of(who, provider);
            let never = json!({"every": "never", "day": "monday", "at": "07:00:00"});
            let path = self.url(&format!("contacts/{contact}/preferences"));
            let answer = who.post(&path, "no-digests", &json!({"digest": never, "why": "asked"}));
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
    }

    /// The key of the contact of a provider, once the directory knows it.
    fn contact_of(&self, who: &Token, provider: &str) -> String {
        eventually(|| {
            let found = self.ask(who, &format!("contacts?text={provider}"));
            found["items"][0]["key"].as_str().map(str::to_owned).ok_or_else(|| found.to_string())
        })
    }

    /// Says where letters to a provider of the directory go.
    pub fn writes_to(&self, who: &Token, provider: &str, lines: &[&str]) {
        let contact = self.contact_of(who, provider);
        let letter = json!({"channel": "letter", "lines": lines});
        let answer = who.post(
            &self.url(&format!("contacts/{contact}/addresses")),
            "letters",
            &json!({"addresses": [letter], "why": "asked"}),
        );
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// An address of the API.
    pub fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.program.url())
    }

    /// An answer of the API to somebody; anything but 200 is a failure.
    pub fn ask(&self, who: &Token, path: &str) -> Value {
        let answer = who.get(&self.url(path));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// What the clock of the program shows.
    pub fn now(&self, who: &Token) -> String {
        self.ask(who, "escalation/clock")["now"].as_str().expect("an instant").to_owned()
    }

    /// Everything that the mail server has taken in.
    pub fn mails(&self) -> Vec<Mail> {
        self.mail.received().iter().map(Mail::read).collect()
    }

    /// Waits until the mail server has so many messages, and returns them.
    pub fn mails_come(&self, count: usize) -> Vec<Mail> {
        eventually(|| {
            let mails = self.mails();
            if mails.len() >= count { Ok(mails) } else { Err(format!("{} of {count} mails", mails.len())) }
        })
    }

    /// Notices as HIM sees them, the ones of a kind.
    pub fn notices(&self, who: &Token, kind: &str) -> Vec<Value> {
        let page = self.ask(who, "notices?limit=500");
        let items = page["items"].as_array().unwrap_or_else(|| panic!("a list, not {page}"));
        items.iter().filter(|notice| notice["kind"] == kind).cloned().collect()
    }

    /// Waits until the one notice of a kind is as it should be, and returns it.
    pub fn notice_becomes(&self, who: &Token, kind: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        eventually(|| {
            let notices = self.notices(who, kind);
            match notices.as_slice() {
                [one] if is_so(one) => Ok(one.clone()),
                seen => Err(format!("notices of the kind {kind}: {seen:#?}\n{}", self.program.stderr())),
            }
        })
    }

    /// A mail system reports that a message came back.
    pub fn report_bounce(&self, call: &str, at: &str, message_id: &str, secret: Option<&str>) -> Answer {
        let body = format!(
            "{{\"reports\": [{{\"message_id\": \"{message_id}\", \"kind\": \"bounce\", \"detail\": \"550 5.1.1 gone\"}}]}}"
        );
        let seconds = at.parse::<jiff::Timestamp>().expect("an instant").as_second().to_string();
        let signature = sign(secret.unwrap_or(SECRET), call, &seconds, &body);
        let headers =
            [("webhook-id", call), ("webhook-timestamp", &*seconds), ("webhook-signature", &*signature)];
        post_with(&self.url("notification/delivery-reports"), &headers, &body)
    }

    /// Whether a call of a webhook bears a signature of ours.
    pub fn is_signed(call: &crate::receiver::Call) -> bool {
        let header = |name: &str| call.headers.get(name).map_or("", String::as_str);
        header("webhook-signature") == sign(SECRET, call.id(), header("webhook-timestamp"), &call.body)
    }
}

/// The signature of Standard Webhooks: `v1,` and Base64 of HMAC-SHA256 over id, time and body.
fn sign(secret: &str, id: &str, seconds: &str, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("Base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Writes the files of a house; `more` stands at the beginning of its configuration. Returns the configuration.
pub fn write_files(place: &Place, plan: &Plan, mail: &SmtpPeer, receiver: &Receiver, more: &str) -> PathBuf {
    // A path as TOML and Rust both write a text.
    let quoted = |path: PathBuf| format!("{:?}", path.to_string_lossy());
    let policy = quoted(place.write("policy.toml", &plan.policy));
    let secret = quoted(place.write("reports.secret", SECRET));
    let outlets = format!(
        r#"
[offices.medical_staff_office]
name = "Medical Staff Office"
email = ["mso@hospital.example"]
letter = ["Medical Staff Office", "Room 4-110"]
[offices.chief_medical_officer]
name = "Chief Medical Officer"
email = ["cmo@hospital.example"]
[offices.him]
name = "Health Information Management"
email = ["him@hospital.example"]
[offices.scheduling]
name = "Scheduling"
webhook = ["desk"]
[webhook]
internal_networks = ["127.0.0.0/8"]
plain_http_hosts = ["127.0.0.1"]
[endpoints.desk]
url = "{}"
secret = "{SECRET}"
[letterheads.default]
name = "Mercy Hospital"
address = ["1 Hospital Way", "Springfield"]
contact = "Medical Staff Office, extension 4711"
signature = "Chief of Staff"
"#,
        receiver.url()
    );
    let outlets = quoted(place.write("outlets.toml", outlets));
    let config = format!(
        "{more}\n[escalation]\npolicy_file = {policy}\n[notification]\n{}link = \"https://{MESSAGE_DOMAIN}/\"\n\
         outlets_file = {outlets}\nreports_secret_file = {secret}\n\
         [notification.smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"Health Information Management <him@hospital.example>\"\nreply_to = \"him@hospital.example\"\n\
         timeout_seconds = 5\n",
        plan.notification,
        mail.port()
    );
    place.write("countersign.toml", config)
}

fn start(place: &Place, config: &std::path::Path, plan: &Plan) -> Program {
    let config = config.to_string_lossy();
    let mut extra = vec!["--config", &*config];
    if let Some(clock) = &plan.clock {
        extra.extend(["--clock-from", clock]);
    }
    let environment: Vec<(&str, &str)> =
        plan.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let arguments = countersign_testkit::program::up_arguments(&place.data(), &extra);
    Program::start(arguments, &environment).unwrap_or_else(|finished| panic!("{finished}"))
}

/// A mail as the mail server took it in.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// The bytes, as text.
    pub text: String,
}

impl Mail {
    fn read(received: &Received) -> Self {
        let bytes = STANDARD.decode(&received.content).expect("Base64");
        Self {
            from: received.from.clone(),
            to: received.to.clone(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// The value of a header, folded lines put together; empty when there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let found = unfolded.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_default()
    }

    /// The Message-ID, without angle brackets.
    pub fn id(&self) -> String {
        self.header("Message-ID").trim_matches(['<', '>']).to_owned()
    }

    /// The bytes with every body that is written in Base64 or quoted-printable in plain.
    pub fn in_plain(&self) -> String {
        let mut plain = self.text.clone();
        plain.push_str(&self.text.replace("=\r\n", ""));
        for part in self.text.split("\r\n\r\n") {
            let body: String = part.split("\r\n--").next().unwrap_or_default().split("\r\n").collect();
            if let Ok(bytes) = STANDARD.decode(&body) {
                plain.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        plain
    }
}
