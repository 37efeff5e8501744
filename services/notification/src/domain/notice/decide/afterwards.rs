//! What comes after a notice was to go out: nobody knows whether it did, it comes back, is printed, handed over, opened, taken over, sent again.

use super::{
    ATTEMPT, Act, Answer, BOUNCE, Bounced, Channel, Complained, Date, Delivered, Destination, Ending, Leg,
    LegState, NoticeEvent, Printed, Read, Refusal, Requeued, Route, SEND, Standing, Story, TakenOver,
    TimeZone, Timestamp,
};

impl Story<'_> {
    pub(super) fn abandon(&mut self, number: u32, attempt: u32) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if leg.attempts == attempt {
            self.disarm(ATTEMPT, number, "who sent it is gone");
            let detail = "the process ended while it was being sent";
            self.unanswered(&leg, &Answer { cut_off: true, ..Answer::new(Ending::Unknown, detail) });
        }
        Ok(())
    }

    pub(super) fn unanswered(&mut self, leg: &Leg, answer: &Answer) {
        if matches!(leg.state, LegState::Sending { .. }) {
            // The leg exists and is being sent: this cannot be refused.
            let _ = self.end(leg.number, leg.attempts, answer);
        }
    }

    pub(super) fn bounce(&mut self, number: u32, detail: &str) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        match leg.state {
            LegState::Bounced => return Ok(()),
            LegState::Accepted | LegState::Delivered => {}
            // Of these nobody knows whether they arrived: a bounce says that they did not.
            LegState::Lost | LegState::Queued { .. } | LegState::Sending { .. } if leg.attempts > 0 => {}
            _ => return Err(Refusal::NothingCameBack(number)),
        }
        for purpose in [BOUNCE, SEND, ATTEMPT] {
            self.disarm(purpose, number, "it came back");
        }
        let event = Bounced { leg: self.which(&leg), detail: detail.to_owned(), at: self.now };
        self.record(NoticeEvent::Bounced(event));
        self.fail_over(&leg, detail);
        Ok(())
    }

    pub(super) fn complain(&mut self, number: u32, detail: &str) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if leg.attempts == 0 {
            return Err(Refusal::NothingCameBack(number));
        }
        let event = Complained { leg: self.which(&leg), detail: detail.to_owned(), at: self.now };
        self.record(NoticeEvent::Complained(event));
        Ok(())
    }

    pub(super) fn waiting_letter(&self, number: u32) -> Result<Leg, Refusal> {
        let leg = self.leg(number)?;
        let waits = leg.channel() == Channel::Letter && leg.state == LegState::Accepted;
        if waits { Ok(leg) } else { Err(Refusal::NoWaitingLetter(number)) }
    }

    pub(super) fn print(&mut self, number: u32, act: &Act) -> Result<(), Refusal> {
        let leg = self.waiting_letter(number)?;
        if !leg.printed {
            self.record(NoticeEvent::Printed(Printed { leg: self.which(&leg), act: act.clone() }));
        }
        Ok(())
    }

    pub(super) fn confirm(
        &mut self,
        number: u32,
        handed_over: bool,
        on: Date,
        by_whom: &str,
        time_zone: &TimeZone,
        act: &Act,
    ) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if leg.channel() == Channel::Letter && leg.state == LegState::Delivered {
            return Ok(());
        }
        let leg = self.waiting_letter(number)?;
        let made = leg.made_at.unwrap_or(Timestamp::MIN);
        let day_of = |at: Timestamp| at.to_zoned(time_zone.clone()).date();
        if on > day_of(self.now) || on < day_of(made) {
            return Err(Refusal::ImpossibleDay);
        }
        // The day ends before a delay that counts from it begins: the recipient loses no hour. Of today nothing later
        // than now can be said.
        let end_of_day = on
            .to_datetime(jiff::civil::Time::constant(23, 59, 59, 0))
            .to_zoned(time_zone.clone())
            .map_or(self.now, |end| end.timestamp());
        self.record(NoticeEvent::Delivered(Delivered {
            leg: self.which(&leg),
            at: end_of_day.min(self.now),
            how: if handed_over { "handed_over" } else { "mailed" }.to_owned(),
            on: Some(on),
            by_whom: Some(by_whom.trim().to_owned()).filter(|by| !by.is_empty()),
            act: Some(act.clone()),
        }));
        Ok(())
    }

    pub(super) fn mark_read(&mut self, by: &str) {
        let inbox = self
            .notice
            .legs()
            .iter()
            .find(|leg| leg.channel() == Channel::Inbox && leg.state == LegState::Delivered && !leg.read)
            .cloned();
        if let Some(leg) = inbox {
            let event = Read { leg: self.which(&leg), by: by.to_owned(), at: self.now };
            self.record(NoticeEvent::Read(event));
        }
    }

    pub(super) fn take_over(&mut self, act: &Act) -> Result<(), Refusal> {
        if act.why.trim().is_empty() {
            return Err(Refusal::NoReason);
        }
        match self.notice.standing() {
            Standing::TakenOver => return Ok(()),
            Standing::Dropped => return Err(Refusal::Ended),
            Standing::Live | Standing::Exhausted => {}
        }
        let event = TakenOver { which: self.notice.which(), act: act.clone() };
        self.record(NoticeEvent::TakenOver(event));
        self.disarm_sends("a human took it over");
        Ok(())
    }

    pub(super) fn requeue(
        &mut self,
        number: u32,
        to: Option<&Destination>,
        act: &Act,
    ) -> Result<(), Refusal> {
        let leg = self.leg(number)?;
        if matches!(self.notice.standing(), Standing::Dropped | Standing::TakenOver) {
            return Err(Refusal::Ended);
        }
        let failed = matches!(
            leg.state,
            LegState::Bounced | LegState::GivenUp | LegState::Lost | LegState::Withheld | LegState::NotSetUp
        );
        if !failed {
            return Err(Refusal::NotFailed(number));
        }
        let to = to.unwrap_or(&leg.to);
        if to.channel() != leg.channel() || !to.is_fit() {
            return Err(Refusal::AddressUnfit);
        }
        let there = |other: &&Leg| other.to == *to && (other.accepted || other.state.is_hopeful());
        let mut others = self.notice.legs().iter().filter(|other| other.number != number);
        let keeps_both = leg.accepted && leg.to == *to && leg.channel() != Channel::Email;
        if keeps_both || others.any(|other| there(&other)) {
            return Err(Refusal::AcceptedThere);
        }
        let event = Requeued { leg: number, to: to.clone(), act: act.clone() };
        self.record(NoticeEvent::Requeued(event));
        if *to == leg.to {
            let which = self.which(&leg);
            self.queue(which, to, self.now, "again by hand");
        } else {
            let route = Route { to: to.clone(), copy_for: None, at_once: true };
            self.queue_new(&route, "to another address by hand");
        }
        Ok(())
    }
}
