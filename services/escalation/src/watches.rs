//! The regulatory clock of charts: escalated to offices, whatever personal clocks say.

use countersign_contracts::{Envelope, deficiency::DeficiencyChanged};
use countersign_eventsourcing::{
    journal::{Position, StreamName},
    timer::{Due, Firing, TimerEvent, TimerFired},
};
use countersign_kernel::{EncounterId, EventId, Timestamp};
use countersign_owed::{CHART, OwedItem, recheck, tables as owed};

use crate::{
    desk::{AsOf, Desk, DeskError},
    domain::{
        events::{ByWhom, NoticeAnswered},
        limit::{ChartLimit, LIMIT, Limit, LimitEvent, acknowledge, look},
    },
    policies,
    streams::{ATTEMPTS, Aggregate, Cause, Said, StreamError},
};

/// The stream of a chart's watch.
pub(crate) fn stream_of(chart: EncounterId) -> StreamName {
    StreamName::new(LIMIT, chart)
}

/// The chart of a stream.
pub(crate) fn chart_of(stream: &StreamName) -> Option<EncounterId> {
    (stream.category() == LIMIT).then(|| stream.id().parse().ok()).flatten()
}

impl Aggregate for Limit {
    type Event = LimitEvent;

    fn new(stream: &StreamName) -> Self {
        Self::new(chart_of(stream).unwrap_or(EncounterId(uuid::Uuid::nil())))
    }

    fn decode(kind: &str, data: &[u8]) -> Option<Result<LimitEvent, serde_json::Error>> {
        LimitEvent::decode(kind, data)
    }

    fn kind(event: &LimitEvent) -> &'static str {
        event.kind()
    }

    fn id(event: &LimitEvent) -> Option<EventId> {
        match event {
            LimitEvent::Timer(TimerEvent::Fired(fired)) => {
                Some(TimerFired::event_id(fired.timer, fired.arming))
            }
            _ => None,
        }
    }

    fn actor(event: &LimitEvent) -> Option<&str> {
        match event {
            LimitEvent::Acknowledged(acknowledged) => Some(&acknowledged.by.name),
            _ => None,
        }
    }

    fn evolve(&mut self, event: &LimitEvent) {
        Self::evolve(self, event);
    }
}

/// What became of an acknowledgement.
pub(crate) enum Acknowledged {
    /// It is on record at this position.
    Now(Position),
    /// It was already.
    Before(Position),
    /// There is nothing to acknowledge.
    Complete,
}

impl Desk {
    /// Looks at the watch of a chart of which an event tells.
    pub(crate) async fn watch_chart(
        &self,
        changed: &DeficiencyChanged,
        cause: &Cause,
        as_of: AsOf,
    ) -> Result<(), DeskError> {
        if changed.document_type == CHART {
            self.decide_limit(changed.encounter, cause, as_of, None).await?;
        }
        Ok(())
    }

    /// Something became of a notice about a chart.
    pub(crate) async fn chart_notice_answered(
        &self,
        chart: EncounterId,
        answered: NoticeAnswered,
        event: &Envelope,
        cause: &Cause,
    ) -> Result<(), DeskError> {
        let id = EventId::derive(&["notice-answered", &event.id.to_string()]);
        let said = Said { event: LimitEvent::NoticeAnswered(answered), id: Some(id) };
        self.decide_limit(chart, cause, AsOf::Now, Some(said)).await.map(|_| ())
    }

    /// Somebody has seen that a chart is close to the limit.
    pub(crate) async fn acknowledge_limit(
        &self,
        chart: EncounterId,
        by: &ByWhom,
    ) -> Result<Acknowledged, DeskError> {
        let stream = stream_of(chart);
        let act = by.act.unwrap_or_default();
        let cause = Cause { id: EventId(act), correlation: act, traceparent: None };
        for _ in 0..ATTEMPTS {
            let loaded = self.limits.read(&stream).await?;
            let Some(events) = acknowledge(&loaded.state, by) else { return Ok(Acknowledged::Complete) };
            if events.is_empty() {
                return Ok(Acknowledged::Before(loaded.position));
            }
            let said = events.into_iter().map(Said::from).collect();
            if let Some(after) = self.limits.append(&stream, &loaded, said, &cause).await? {
                return Ok(Acknowledged::Now(after.position));
            }
        }
        Err(StreamError::Contended.into())
    }

    /// A timer of a watch fires. `None`: it is not armed any more.
    pub(crate) async fn fire_limit(&self, due: &Due, at: Firing) -> Result<Option<Position>, DeskError> {
        let Some(chart) = chart_of(&due.stream) else { return Ok(None) };
        let id = TimerFired::event_id(due.timer, due.arming);
        let cause = Cause { id, correlation: id.0, traceparent: None };
        for attempt in 0..ATTEMPTS {
            let loaded = match attempt {
                0 => self.limits.load(&due.stream).await?,
                _ => self.limits.read(&due.stream).await?,
            };
            let Some(fired) = loaded.state.timers.fire(due.timer, due.arming, at.now, at.epoch) else {
                if attempt == 0 {
                    continue;
                }
                return Ok(None);
            };
            let fired = LimitEvent::Timer(fired);
            let mut limit = Limit::clone(&loaded.state);
            limit.evolve(&fired);
            let mut said = vec![Said::from(fired)];
            said.extend(
                self.limit_follows(chart, &limit, at.now, AsOf::Now).await?.into_iter().map(Said::from),
            );
            if let Some(after) = self.limits.append(&due.stream, &loaded, said, &cause).await? {
                return Ok(Some(after.position));
            }
        }
        Err(StreamError::Contended.into())
    }

    async fn decide_limit(
        &self,
        chart: EncounterId,
        cause: &Cause,
        as_of: AsOf,
        first: Option<Said<LimitEvent>>,
    ) -> Result<Option<Position>, DeskError> {
        let stream = stream_of(chart);
        for attempt in 0..ATTEMPTS {
            let loaded = match attempt {
                0 => self.limits.load(&stream).await?,
                _ => self.limits.read(&stream).await?,
            };
            let now = self.clock.now();
            let mut limit = Limit::clone(&loaded.state);
            let mut said: Vec<Said<LimitEvent>> = Vec::new();
            if let Some(Said { event, id }) = &first
                && id.is_none_or(|id| !loaded.heard.contains(&id))
            {
                limit.evolve(event);
                said.push(Said { event: event.clone(), id: *id });
            }
            said.extend(self.limit_follows(chart, &limit, now, as_of).await?.into_iter().map(Said::from));
            if said.is_empty() {
                return Ok(None);
            }
            if let Some(after) = self.limits.append(&stream, &loaded, said, cause).await? {
                return Ok(Some(after.position));
            }
        }
        Err(StreamError::Contended.into())
    }

    /// What follows on the read model's facts, and where anything would, on those of the journal.
    async fn limit_follows(
        &self,
        chart: EncounterId,
        limit: &Limit,
        now: Timestamp,
        as_of: AsOf,
    ) -> Result<Vec<LimitEvent>, DeskError> {
        let (directory, book) = self.people_and_policies(as_of).await?;
        let set = policies::kept(&book, None, now).ok_or(DeskError::NoPolicy)?;
        let items = self.model.query(move |sql| owed::items_of_chart(sql, chart)).await?;
        // As if it were re-checked: whether the journal is worth reading.
        let Some(by_model) = ChartLimit::of(chart, &items, true) else { return Ok(Vec::new()) };
        let policy = set.of(&by_model.facility);
        let days = directory.places.days(&by_model.facility);
        if look(limit, policy, &by_model, now, days).is_empty() {
            return Ok(Vec::new());
        }
        let charts = [chart].into();
        let (rechecked, _) = recheck(self.journal.as_ref(), &self.publishers, &charts, directory).await?;
        let items: Vec<OwedItem> = rechecked.items_of_chart(chart).into_iter().cloned().collect();
        let Some(checked) = ChartLimit::of(chart, &items, true) else { return Ok(Vec::new()) };
        let days = rechecked.directory().places.days(&checked.facility);
        Ok(look(limit, policy, &checked, now, days))
    }
}
