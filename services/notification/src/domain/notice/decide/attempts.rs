//! One attempt: it begins, and what was answered; whether another one is made.

use super::{
    ATTEMPT, Answer, AttemptBegun, AttemptEnded, Ending, LARGEST, Leg, LegState, Lost, Mode, NotSetUp,
    NoticeClass, NoticeEvent, Refusal, Rendered, Rendering, SEND, Sender, Standing, Story, Timestamp,
    WhichLeg, Withheld, retry,
};

impl Story<'_> {
    pub(super) fn begin(
        &mut self,
        number: u32,
        rendering: Option<&Rendering>,
        mode: &Mode,
        sender: Option<&Sender>,
    ) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if self.notice.standing() != Standing::Live {
            return Err(Refusal::Ended);
        }
        if !matches!(leg.state, LegState::Queued { not_before } if not_before <= self.now) {
            return Err(Refusal::NotDue(number));
        }
        match (&leg.rendered, rendering) {
            // A list that has grown since is made again.
            (None, Some(rendering)) if rendering.carries != self.notice.gathered().len() => {
                return Err(Refusal::NotDue(number));
            }
            (None, Some(rendering)) => self.keep(&leg, rendering)?,
            (Some(_), _) => {}
            (None, None) => return Err(Refusal::NotDue(number)),
        }
        // The timer for this instant has fired, or the leg never needed one: a dispatcher that was quicker than the
        // firing loop makes it superfluous.
        self.disarm(SEND, number, "it is being sent");
        let leg = self.leg(number)?;
        if *mode == Mode::Shadow {
            let event = Withheld { leg: self.which(&leg), because: "shadow".to_owned(), at: self.now };
            self.record(NoticeEvent::Withheld(event));
            return Ok(());
        }
        let redirected_to = match mode {
            Mode::Redirect(to) => Some(to.clone()),
            Mode::Live | Mode::Shadow => None,
        };
        let attempt = leg.attempts + 1;
        let sender = sender.cloned();
        let event = AttemptBegun { leg: self.which(&leg), attempt, redirected_to, sender, at: self.now };
        self.record(NoticeEvent::AttemptBegun(event));
        let until = self.now.saturating_add(self.settings.answer_within).unwrap_or(self.now);
        self.arm(ATTEMPT, number, until, "no answer by then is an unknown outcome");
        Ok(())
    }

    fn keep(&mut self, leg: &Leg, rendering: &Rendering) -> Result<(), Refusal> {
        if rendering.size > LARGEST {
            return Err(Refusal::TooLarge { bytes: rendering.size, limit: LARGEST });
        }
        let which = WhichLeg { sha256: Some(rendering.sha256.clone()), ..self.which(leg) };
        self.record(NoticeEvent::Rendered(Box::new(Rendered {
            leg: which,
            template: rendering.template.clone(),
            content_type: rendering.content_type.clone(),
            message_id: rendering.message_id.clone(),
            bytes: rendering.base64.clone(),
            at: self.now,
        })));
        Ok(())
    }

    /// What this installation does not have is not tried. It is a failure where nothing else is left, and where the
    /// policy demands every channel.
    pub(super) fn not_set_up(&mut self, number: u32, because: &str) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        let Some(requested) = self.notice.requested().cloned() else { return Err(Refusal::NoNotice) };
        // A digest goes to inbox and mailbox because it can, and no policy demands it.
        let demanded = requested.request.on_all && requested.digest.is_none() && !leg.copy;
        let mut others = self.notice.legs().iter().filter(|other| other.number != number);
        let another = others.any(|other| other.copy == leg.copy && other.state.is_hopeful())
            || !leg.copy && self.untried().is_some();
        if demanded || !another {
            return self.unrenderable(number, because);
        }
        if !matches!(leg.state, LegState::Queued { .. }) || self.notice.standing() != Standing::Live {
            return Err(Refusal::NotDue(number));
        }
        self.disarm(SEND, number, "the channel is not set up here");
        let event = NotSetUp { leg: self.which(&leg), because: because.to_owned(), at: self.now };
        self.record(NoticeEvent::NotSetUp(event));
        self.fail_over(&leg, because);
        Ok(())
    }

    pub(super) fn unrenderable(&mut self, number: u32, because: &str) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if !matches!(leg.state, LegState::Queued { .. }) || self.notice.standing() != Standing::Live {
            return Err(Refusal::NotDue(number));
        }
        self.disarm(SEND, number, "it cannot be made");
        self.give_up(&leg, false, because);
        Ok(())
    }

    /// An answer counts once. One that comes after the attempt was given up as unknown still counts when it says that
    /// the receiver has it: nothing is sent twice that need not be.
    pub(super) fn end(&mut self, number: u32, attempt: u32, answer: &Answer) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if attempt == 0 || attempt > leg.attempts {
            return Err(Refusal::NotDue(number));
        }
        let is_last = attempt == leg.attempts;
        let sending = is_last && matches!(leg.state, LegState::Sending { .. });
        let late = is_last
            && answer.ending == Ending::Accepted
            && matches!(
                leg.state,
                LegState::Queued { .. } | LegState::Lost | LegState::GivenUp | LegState::Ended
            );
        if !(sending || late) {
            return Ok(());
        }
        self.disarm(ATTEMPT, number, "there is an answer");
        if late {
            self.disarm(SEND, number, "it was accepted after all");
        }
        let again = self.again_at(&leg, attempt, answer);
        let ended = AttemptEnded {
            leg: self.which(&leg),
            attempt,
            ending: answer.ending,
            detail: answer.detail.clone(),
            redirected: leg.redirected,
            tried_again: again.is_some(),
            at: self.now,
        };
        self.record(NoticeEvent::AttemptEnded(ended));
        match (answer.ending, again) {
            (Ending::Accepted, _) => self.accepted(&leg),
            (_, Some(at)) => {
                let which = self.which(&leg);
                self.queue(which, &leg.to, at, "retry");
            }
            (Ending::Unknown, None) if self.notice.class() == NoticeClass::Reminder => {
                let because = answer.detail.clone();
                let event = Lost { leg: self.which(&leg), because, at: self.now };
                self.record(NoticeEvent::Lost(event));
            }
            (ending, None) => self.give_up(&leg, ending == Ending::Refused, &answer.detail),
        }
        Ok(())
    }

    /// When another attempt is made; nothing: none is.
    fn again_at(&self, leg: &Leg, attempt: u32, answer: &Answer) -> Option<Timestamp> {
        let retried = match answer.ending {
            Ending::Accepted | Ending::Refused => false,
            Ending::Later => true,
            Ending::Unknown => self.notice.class() == NoticeClass::Formal,
        };
        if !retried || self.notice.standing() != Standing::Live {
            return None;
        }
        let notice = self.notice.which().notice;
        let counted = attempt - leg.forgiven.min(attempt);
        let wait = if answer.cut_off {
            retry::wait_after_end(notice, leg.number, counted)?
        } else {
            retry::wait(notice, leg.number, counted, answer.after)?
        };
        self.now.saturating_add(wait).ok()
    }
}
