package diff

// Outcome is how an input row ended. Every row ends in exactly one.
type Outcome string

// The outcomes, with the meanings that the reports print.
const (
	Applied   Outcome = "applied"   // sent, and the tenant is known to hold what was wanted
	Differs   Outcome = "differs"   // accepted, but the tenant now holds another value
	Unchanged Outcome = "unchanged" // already as wanted; nothing sent
	Failed    Outcome = "failed"    // the service refused
	Conflict  Outcome = "conflict"  // changed by someone else since the base; not sent
	NotFound  Outcome = "notFound"  // no task with this id in the tenant
	WrongType Outcome = "wrongType" // the id is a task of another kind
	Invalid   Outcome = "invalid"   // the row could not be understood
	Blocked   Outcome = "blocked"   // a safety limit stopped the run before it was sent
	NotSent   Outcome = "notSent"   // the run ended before its turn
	Unknown   Outcome = "unknown"   // sent, no answer, and re-reading could not settle it
)

// Pending marks a change that is still to be sent. It is no outcome: no finished row has it.
const Pending Outcome = ""

// Outcomes returns all outcomes in the order in which reports list them.
func Outcomes() []Outcome {
	return []Outcome{Applied, Differs, Unchanged, Failed, Conflict, NotFound, WrongType, Invalid, Blocked, NotSent, Unknown}
}

var meanings = map[Outcome]string{
	Applied:   "Sent, and the tenant is known to hold what was wanted",
	Differs:   "Accepted, but the value the tenant now holds is not the one asked for",
	Unchanged: "Already as wanted; nothing was sent",
	Failed:    "The service refused",
	Conflict:  "The task changed since the base in a property that this row sets; not sent",
	NotFound:  "No task with this id in the tenant",
	WrongType: "The id is a task of another kind",
	Invalid:   "The row could not be understood",
	Blocked:   "A safety limit stopped the run before this was sent",
	NotSent:   "The run ended before its turn",
	Unknown:   "Sent, no answer, and reading the task again could not settle it",
}

// Meaning explains the outcome in a sentence for people.
func (o Outcome) Meaning() string { return meanings[o] }

// Good reports whether the row is as wanted: nothing is left to do for it.
func (o Outcome) Good() bool { return o == Applied || o == Unchanged }
