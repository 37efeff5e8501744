//! What the notification service would answer, made up from little.
#![allow(clippy::wildcard_imports, reason = "a part of one test double, in the example too")]

use countersign_contracts::api::notification::*;

use super::*;

fn person_key(id: &str) -> uuid::Uuid {
    derive_uuid("person", &[id])
}

pub(crate) fn contact_key(id: &str) -> String {
    format!("provider-{}", person_key(id))
}

/// A list of which a page holds one row, when as many are asked for as the API gives at most.
fn paged<T: Serialize>(mut rows: Vec<T>, query: &BTreeMap<String, String>) -> Answer {
    let total = rows.len() as u64;
    if query.get("limit").is_none_or(|limit| limit != "500") || total < 2 {
        return page(rows, None, total);
    }
    let after: usize = query.get("cursor").map_or(0, |cursor| cursor.parse().expect("our cursor"));
    let rest = rows.split_off(after);
    let next = (after + 1 < rows.len() + rest.len()).then(|| (after + 1).to_string());
    page(rest.into_iter().take(1).collect(), next, total)
}

fn time(text: &str) -> jiff::civil::Time {
    text.parse().expect("a time of day")
}

impl Hospital {
    fn leg(&self, leg: u32, channel: &str, state: &str) -> LegView {
        let sent = !matches!(state, "queued");
        let pdf = channel == "letter";
        LegView {
            leg,
            channel: channel.to_owned(),
            to: Some("m.alvarez@hospital.example".to_owned()).filter(|_| channel == "email"),
            copy: false,
            state: state.to_owned(),
            attempts: u32::from(sent),
            not_before: (!sent).then(|| self.now + 2.hours()),
            detail: (state == "bounced").then(|| "550 5.1.1 no such <mailbox>".to_owned()),
            accepted_at: sent.then(|| self.now - 80.hours()),
            delivered_at: (state == "delivered").then(|| self.now - 79.hours()),
            read_at: None,
            printed_at: None,
            sha256: sent.then(|| "ef".repeat(32)),
            template: sent.then(|| "pre-suspension.v1".to_owned()),
            content_type: Some(if pdf { "application/pdf" } else { "text/plain" }.to_owned()),
            message_id: (channel == "email").then(|| "n4.1@countersign.example".to_owned()),
        }
    }

    fn notice(&self, provider: &str, state: &str, legs: Vec<LegView>) -> NoticeView {
        let name = PROVIDERS.iter().find(|(id, _)| *id == provider).map_or("", |(_, name)| *name);
        NoticeView {
            id: notice_of(provider),
            reference: format!("N-{provider}-4"),
            track: Some(track_of(provider)),
            kind: "pre-suspension".to_owned(),
            class: "formal".to_owned(),
            number: 4,
            facility: "SIMHOSP1".to_owned(),
            about: Some(person_key(provider)),
            about_name: Some(name.to_owned()),
            recipient: contact_key(provider),
            recipient_name: name.to_owned(),
            role: "provider".to_owned(),
            state: state.to_owned(),
            items: 2,
            names_date: Some("2026-03-09".parse().expect("a day")),
            requested_at: self.now - 80.hours(),
            delivered_at: (state == "delivered").then(|| self.now - 79.hours()),
            changed_at: self.now - 79.hours(),
            because: (state == "dead").then(|| "nothing is left to try".to_owned()),
            legs,
        }
    }

    fn notices(&self) -> Vec<NoticeView> {
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        vec![
            self.notice(
                "1001",
                "delivered",
                vec![self.leg(1, "inbox", "delivered"), self.leg(2, "email", "delivered")],
            ),
            self.notice(
                "1002",
                "dead",
                vec![self.leg(1, "email", "bounced"), self.leg(2, "letter", "failed")],
            ),
            self.notice(
                "1003",
                "waiting",
                vec![self.leg(1, "letter", "sending"), self.leg(2, "email", "queued")],
            ),
            NoticeView {
                kind: "digest".to_owned(),
                class: "reminder".to_owned(),
                track: None,
                names_date: None,
                ..self.notice("1004", "unknown", vec![self.leg(1, "email", "unknown")])
            },
        ]
    }

    fn notice_detail(&self, id: &str) -> Option<NoticeDetail> {
        let notice = self.notices().into_iter().find(|notice| notice.id.to_string() == id)?;
        let step =
            |hours: i64, what: &str, leg: Option<u32>, detail: Option<&str>, by: Option<&str>| NoticeStep {
                at: self.now - hours.hours(),
                what: what.to_owned(),
                leg,
                channel: leg.map(|_| "email".to_owned()),
                detail: detail.map(str::to_owned),
                by: by.map(str::to_owned),
                position: 4000,
            };
        let items = self.deficiencies.iter().filter(|view| view.status == "open").take(2);
        Some(NoticeDetail {
            items: items
                .map(|view| NoticeItemView {
                    deficiency: view.id,
                    rule: view.rule.clone(),
                    document_type: view.document_type.clone(),
                    due_at: view.due_at,
                    age_days: 19,
                    standing: Some("overdue".to_owned()),
                    new: true,
                    changed: false,
                })
                .collect(),
            dropped_items: Vec::new(),
            listed_in: None,
            carries: Vec::new(),
            timeline: vec![
                step(80, "requested", None, None, None),
                step(80, "attempt_ended", Some(1), Some("250 2.0.0 <queued>"), None),
                step(79, "delivered", Some(1), None, None),
                step(40, "requeued", Some(1), None, Some("kim")),
            ],
            policy_version: 2,
            policy_title: "Four weeks".to_owned(),
            policy_sha256: "cd".repeat(32),
            notice,
        })
    }

    fn letters(&self) -> Vec<LetterView> {
        let letter = |provider: &str, state: &str| LetterView {
            notice: notice_of(provider),
            leg: 1,
            reference: format!("N-{provider}-4"),
            kind: "pre-suspension".to_owned(),
            facility: "SIMHOSP1".to_owned(),
            recipient_name: "Okafor, Chidi".to_owned(),
            to: Some("Medical staff mailbox 14\nSurgery".to_owned()),
            state: state.to_owned(),
            since: self.now - 20.hours(),
            printed: (state != "waiting").then(|| ByWhomView {
                by: "kim".to_owned(),
                at: self.now - 10.hours(),
                why: String::new(),
            }),
            how: (state == "left").then(|| "handed_over".to_owned()),
            left_on: (state == "left").then(|| "2026-03-04".parse().expect("a day")),
            by_whom: (state == "left").then(|| "lee".to_owned()),
        };
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        vec![letter("1003", "waiting"), letter("1002", "printed"), letter("1001", "left")]
    }

    fn dead_letters(&self) -> Vec<DeadLetterView> {
        let dead = self.notices().into_iter().filter(|notice| notice.state == "dead");
        dead.map(|notice| DeadLetterView {
            notice,
            nothing_left: true,
            since: self.now - 30.hours(),
            because: "the mailbox does not exist".to_owned(),
        })
        .collect()
    }

    fn contact_tasks(&self) -> Vec<ContactTaskView> {
        let task = |kind: &str, provider: &str, settled: bool| ContactTaskView {
            id: derive_uuid("task", &[kind, provider]),
            kind: kind.to_owned(),
            contact: contact_key(provider),
            contact_name: "Brandt, Jonas".to_owned(),
            channel: Some("email".to_owned()),
            notice: Some(notice_of(provider)),
            detail: "550 5.1.1 no such <mailbox>".to_owned(),
            since: self.now - 30.hours(),
            settled: settled.then(|| ByWhomView {
                by: "kim".to_owned(),
                at: self.now - 1.hours(),
                why: "asked the office".to_owned(),
            }),
        };
        if self.deficiencies.is_empty() {
            return Vec::new();
        }
        vec![task("address_bounced", "1002", false), task("address_complained", "1001", true)]
    }

    fn contact(&self, key: &str) -> Option<ContactView> {
        let (_, name) = PROVIDERS.iter().find(|(id, _)| contact_key(id) == key)?;
        let address = |to: DestinationView, source: &str, state: &str| ContactAddressView {
            to,
            source: source.to_owned(),
            state: state.to_owned(),
            since: Some(self.now - 900.hours()),
        };
        Some(ContactView {
            key: key.to_owned(),
            name: (*name).to_owned(),
            addresses: vec![
                address(
                    DestinationView::Email { address: "office@hospital.example".to_owned() },
                    "contact",
                    "verified",
                ),
                address(DestinationView::Inbox { owner: key.to_owned() }, "configuration", "verified"),
            ],
            channels: vec!["email".to_owned(), "inbox".to_owned()],
            muted: vec!["digest".to_owned()],
            topics: vec!["digest".to_owned(), "done-since".to_owned()],
            copy_to_delegate: true,
            time_zone: ZONE.to_owned(),
            windows: vec![OpenHoursView {
                day: "monday".to_owned(),
                from: time("08:00"),
                until: time("12:00"),
            }],
            quiet: Some(HoursView { from: time("20:00"), until: time("07:00") }),
            digest: CadenceView { every: "weekly".to_owned(), day: "tuesday".to_owned(), at: time("07:30") },
            next_digest_at: Some(self.now + 100.hours()),
            changed: None,
            position: 4711,
        })
    }

    fn messages(&self) -> Vec<InboxMessage> {
        let message = |provider: &str, class: &str, read: bool| InboxMessage {
            id: notice_of(provider),
            reference: format!("N-{provider}-4"),
            kind: if class == "formal" { "pre-suspension" } else { "digest" }.to_owned(),
            class: class.to_owned(),
            facility: "SIMHOSP1".to_owned(),
            about: Some(person_key(provider)),
            about_name: Some("Alvarez, Marisol".to_owned()),
            owner: contact_key("1001"),
            items: 2,
            names_date: None,
            at: self.now - 79.hours(),
            read_at: read.then(|| self.now - 20.hours()),
            subject: Some("Chart documentation overdue".to_owned()),
            text: Some("Please complete it.".to_owned()),
        };
        vec![message("1001", "formal", false), message("1004", "reminder", true)]
    }

    fn mode(&self) -> ModeView {
        ModeView {
            mode: self.mode.unwrap_or("live").to_owned(),
            redirect_to: self
                .mode
                .map(|_| DestinationView::Email { address: "pilot@hospital.example".to_owned() }),
            source: "operator".to_owned(),
            decided: Some(ByWhomView {
                by: "kim".to_owned(),
                at: self.now - 300.hours(),
                why: "the pilot".to_owned(),
            }),
            not_set_up: vec![ChannelNotSetUp {
                channel: "email".to_owned(),
                missing: "no mail server is set up: [notification.smtp]".to_owned(),
            }],
            position: 4711,
        }
    }

    fn stepped(&self, call: &Call) -> Answer {
        if caller(call).is_none() {
            return problem(StatusCode::UNAUTHORIZED, "a known token is needed");
        }
        match self.refusing {
            Some((status, said)) => problem(status, said),
            None => answer(StatusCode::OK, &NotificationStep { position: 4712, changed: true }),
        }
    }

    /// What the notification service answers; nothing for what is another service's.
    pub(super) fn of_notification(
        &self,
        call: &Call,
        steps: &[&str],
        query: &BTreeMap<String, String>,
    ) -> Option<Answer> {
        let wants = |name: &str, has: &str| query.get(name).is_none_or(|wanted| wanted == has);
        Some(match (call.method == Method::POST, steps) {
            (false, ["notices"]) => {
                let notices = self.notices().into_iter();
                page(
                    notices
                        .filter(|notice| wants("kind", &notice.kind) && wants("class", &notice.class))
                        .collect::<Vec<_>>(),
                    None,
                    0,
                )
            }
            (false, ["notices", "dead-letters"]) => paged(self.dead_letters(), query),
            (false, ["notices", id]) => found(self.notice_detail(id)),
            (false, ["notices", id, "proof"]) => found(self.notice_detail(id).map(|detail| ProofOfNotice {
                detail,
                about: Some(IdentifierView {
                    id: "1001".to_owned(),
                    authority: "SIMEHR".to_owned(),
                    kind: String::new(),
                }),
                made_at: self.now,
                events_sha256: "ab".repeat(32),
                position: 4711,
            })),
            (false, ["notices", id, "legs", leg, "content"]) => match self.notice_detail(id) {
                Some(detail) if detail.notice.legs.iter().any(|known| known.leg.to_string() == **leg) => {
                    Answer {
                        status: StatusCode::OK,
                        body: "Two items are overdue.\n<b>not markup</b>".into(),
                    }
                }
                _ => found(None::<()>),
            },
            (false, ["letters"]) => {
                let state = query.get("state").map_or("waiting", String::as_str);
                let letters = self.letters().into_iter().filter(|letter| letter.state == state);
                paged(letters.collect::<Vec<_>>(), query)
            }
            (true, ["notices", "resend"]) => match caller(call) {
                Some(_) => answer(
                    StatusCode::OK,
                    &ResendReport { requeued: 7, refused: 2, more: false, position: 4712 },
                ),
                None => problem(StatusCode::UNAUTHORIZED, "a known token is needed"),
            },
            (false, ["contacts", "tasks"]) => {
                let settled = query.get("settled").is_some_and(|settled| settled == "true");
                let tasks = self.contact_tasks().into_iter().filter(|task| task.settled.is_some() == settled);
                paged(tasks.collect::<Vec<_>>(), query)
            }
            (false, ["contacts"]) => {
                let contact = |id: &str, name: &str, bounced: bool| ContactSummary {
                    key: contact_key(id),
                    name: name.to_owned(),
                    own_settings: bounced,
                    bounced,
                    open_tasks: u32::from(bounced),
                };
                let all = [contact("1001", "Alvarez, Marisol", false), contact("1002", "Brandt, Ole", true)];
                let wanted = all.into_iter().filter(|contact| wants("bounced", &contact.bounced.to_string()));
                paged(wanted.collect::<Vec<_>>(), query)
            }
            (false, ["contacts", key]) => found(self.contact(key)),
            (false, ["contacts", key, "digest"]) => found(self.contact(key).map(|contact| DigestPreview {
                contact: contact.key,
                facility: "SIMHOSP1".to_owned(),
                new: 1,
                due_soon: 2,
                overdue: 3,
                done: 4,
                items: Vec::new(),
                since: None,
                skipped: None,
            })),
            (false, ["inbox"]) => match caller(call) {
                Some(_) => {
                    let unread = query.contains_key("unread");
                    let messages = self.messages().into_iter();
                    page(messages.filter(|message| !unread || message.read_at.is_none()).collect(), None, 0)
                }
                None => problem(StatusCode::UNAUTHORIZED, "a known token is needed"),
            },
            (false, ["notification", "mode"]) => answer(StatusCode::OK, &self.mode()),
            (true, ["notices" | "letters" | "contacts" | "inbox", ..] | ["notification", "mode"]) => {
                self.stepped(call)
            }
            _ => return None,
        })
    }
}
