package cli

// The events of --log-format json: the member "event" of each line. docs/events.md describes their members.
const (
	EventRunStart     = "run.start"
	EventInputRead    = "input.read"
	EventInputNotice  = "input.notice"
	EventInputProblem = "input.problem"
	EventListWait     = "list.wait"
	EventTenantRead   = "tenant.read"
	EventPlanMade     = "plan.made"
	EventPlanNotice   = "plan.notice"
	EventEnvelopeSent = "envelope.sent"
	EventItemSettled  = "item.settled"
	EventThrottleWait = "throttle.wait"
	EventProgress     = "progress"
	EventFileWritten  = "file.written"
	EventFileFailed   = "file.failed"
	EventNotifySent   = "notify.sent"
	EventNotifyFailed = "notify.failed"
	EventRunEnd       = "run.end"
)

// eventMember and runMember are the names of what every line has beside time, level and message; on the console, whose
// lines are for people, they do not show.
const (
	eventMember = "event"
	runMember   = "run"
)
